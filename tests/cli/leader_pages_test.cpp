// The command lines about leadership that the pages show, run as a reader would run them. Only the
// program of the reader is ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

/// The blocks of shell lines below a heading.
std::vector<std::string> shown_below(const std::string& heading) {
    std::ifstream page{REDLOCK_ROOT "/docs/leadership.md"};
    std::vector<std::string> blocks;
    bool found = false;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("## ")) {
            found = line == heading;
        } else if (found && line.starts_with("```")) {
            inside = line == "```sh";
            blocks.resize(blocks.size() + (inside ? 1U : 0U));
        } else if (inside) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

class leader_pages : public three_nodes {
  protected:
    leader_pages() {
        std::filesystem::create_symlink(REDLOCK_BINARY, folder + "/redlock");
        std::ofstream(folder + "/scheduler") << "#!/bin/sh\necho up\nexec sleep 1000\n";
        std::filesystem::permissions(folder + "/scheduler", std::filesystem::perms::owner_all);
    }
    ~leader_pages() override { std::filesystem::remove_all(folder); }

    [[nodiscard]] process_options by_shell(const std::string& line) const {
        return {
            .arguments = {"sh", "-c", "cd " + folder + "; PATH=" + folder + ":$PATH; exec " + line},
            .environment = environment()};
    }

    const std::string folder = support::make_temporary_folder("redlock-pages-");
    const std::vector<std::string> blocks = shown_below("## From the shell");
};

TEST_F(leader_pages, show_a_campaign_and_who_leads) {
    ASSERT_THAT(blocks, SizeIs(2));
    std::istringstream lines{blocks.front()};
    std::string campaign;
    std::string look;
    std::string watch;
    ASSERT_TRUE(std::getline(lines, campaign) && std::getline(lines, look) &&
                std::getline(lines, watch))
        << blocks.front();
    process service{by_shell(campaign)};
    service.wait_for_out("up");
    process watcher{by_shell(watch)};
    const std::string end = ", proclaims http://10.0.0.7:8080\n";
    watcher.wait_for_out(end);
    watcher.signal(SIGINT);
    EXPECT_EQ(watcher.wait().status, 128 + SIGINT);
    const finished seen = process{by_shell(look)}.wait();
    EXPECT_EQ(seen.status, 0) << seen.err;
    // As the page about the command shows it.
    EXPECT_THAT(seen.out, MatchesRegex("scheduler: led by [^ ]+:[0-9]+ scheduler, token [^ ]+, "
                                       "term [0-9]+, [0-9.]+s left, proclaims [^ ]+\n"));
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait().status, 143);
}

TEST_F(leader_pages, show_how_to_try_it) {
    ASSERT_THAT(blocks, SizeIs(2));
    const finished tried = process{by_shell(blocks.back())}.wait();
    EXPECT_EQ(tried.status, 143) << tried.err;
    EXPECT_THAT(tried.out, HasSubstr("scheduler: led by "));
    EXPECT_EQ(tried.err, "");
}

}  // namespace
}  // namespace redlock::cli_test
