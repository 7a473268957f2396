// The crontabs that the pages show, run as cron would run them: by /bin/sh, with cron's few
// variables and no others, without a terminal. What the job writes is what cron would mail. Only
// the addresses of the nodes and /usr/local/bin are replaced, by throwaway servers and a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

/// The variables and the one command line of the crontab that a page shows.
struct crontab {
    std::vector<std::string> variables;
    std::string line;

    static crontab of(const std::string& page) {
        std::ifstream file{std::string{REDLOCK_ROOT "/"} + page};
        crontab shown;
        bool inside = false;
        for (std::string text; std::getline(file, text);) {
            if (text.starts_with("```")) {
                inside = text == "```crontab";
            } else if (inside && std::isupper(static_cast<unsigned char>(text.front())) != 0) {
                shown.variables.push_back(text);
            } else if (inside) {
                EXPECT_TRUE(shown.line.empty()) << page << " shows more than one line";
                shown.line = command_of(text);
            }
        }
        EXPECT_FALSE(shown.line.empty()) << page << " shows no crontab";
        EXPECT_EQ(shown.line.find('%'), std::string::npos) << "which ends a command in a crontab";
        return shown;
    }

  private:
    /// What stands behind the five fields of the time.
    static std::string command_of(const std::string& text) {
        std::istringstream in{text};
        std::string field;
        for (int i = 0; i < 5; ++i) {
            in >> field;
        }
        std::getline(in >> std::ws, field);
        return field;
    }
};

class crontabs : public three_nodes, public testing::WithParamInterface<const char*> {
  protected:
    crontabs() {
        std::filesystem::create_symlink(REDLOCK_BINARY, folder + "/redlock");
        job("#!/bin/sh\necho cleaned\n");
    }
    ~crontabs() override { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string lock() const {
        return shown.line.find(" cleanup ") != std::string::npos ? "cleanup" : "nightly-report";
    }
    [[nodiscard]] std::string job_path() const {
        return folder + "/" + shown.line.substr(shown.line.rfind(' ') + 1);
    }
    void job(const std::string& text) const {
        std::ofstream(job_path()) << text;
        std::filesystem::permissions(job_path(), std::filesystem::perms::owner_all);
    }
    [[nodiscard]] process_options by_cron(const std::string& urls) const {
        process_options options{.arguments = {"/usr/bin/setsid", "-w", "/usr/bin/env", "-i",
                                              "PATH=/usr/bin:/bin", "HOME=" + folder,
                                              "LOGNAME=somebody", "SHELL=/bin/sh"}};
        for (const std::string& each : shown.variables) {
            options.arguments.push_back(
                replaced(replaced(each, "redis://10.0.0.1,redis://10.0.0.2,redis://10.0.0.3", urls),
                         "/usr/local/bin", folder));
        }
        options.arguments.insert(options.arguments.end(), {"/bin/sh", "-c", shown.line});
        return options;
    }
    [[nodiscard]] finished run_by_cron() const { return process{by_cron(urls())}.wait(); }

    const crontab shown = crontab::of(GetParam());
    const std::string folder = support::make_temporary_folder("redlock-cron-");
};

TEST_P(crontabs, run_the_job_and_add_nothing_to_its_mail) {
    const finished mail = run_by_cron();
    EXPECT_EQ(mail.status, 0);
    EXPECT_EQ(mail.out, "cleaned\n");
    EXPECT_THAT(mail.err, IsEmpty());
}

TEST_P(crontabs, mail_nothing_if_another_machine_is_at_it) {
    hold_everywhere(lock());
    const finished mail = run_by_cron();
    EXPECT_EQ(mail.status, 0);
    EXPECT_THAT(mail.out + mail.err, IsEmpty());
}

TEST_P(crontabs, run_the_job_once_for_machines_whose_clocks_differ) {
    std::string mailed;
    for (int machine = 0; machine < 3; ++machine) {
        const finished mail = run_by_cron();
        EXPECT_EQ(mail.status, 0);
        mailed += mail.out + mail.err;
    }
    EXPECT_EQ(mailed, "cleaned\n");
}

TEST_P(crontabs, mail_an_outage) {
    nodes[0].kill();
    nodes[1].kill();
    const finished mail = run_by_cron();
    EXPECT_EQ(mail.status, 69);
    EXPECT_THAT(mail.err, StartsWith("redlock: " + lock() + ": "));
}

TEST_P(crontabs, mail_wrong_nodes) {
    const std::string twice =
        nodes[0].url() + "," + replaced(nodes[0].url(), "127.0.0.1", "localhost");
    const finished mail = process{by_cron(twice)}.wait();
    EXPECT_EQ(mail.status, 78);
    EXPECT_THAT(mail.err, HasSubstr("same server"));
}

TEST_P(crontabs, mail_a_job_that_cannot_be_started) {
    std::filesystem::permissions(job_path(), std::filesystem::perms::owner_read);
    const finished refused = run_by_cron();
    EXPECT_EQ(refused.status, 126);
    EXPECT_THAT(refused.err, StartsWith("redlock: "));
}

TEST_P(crontabs, mail_a_job_that_is_missing) {
    std::filesystem::remove(job_path());
    const finished missing = run_by_cron();
    EXPECT_EQ(missing.status, 127);
    EXPECT_THAT(missing.err, StartsWith("redlock: "));
}

TEST_P(crontabs, mail_a_lost_lock) {
    job("#!/bin/sh\necho up; sleep 1000\n");
    process line{by_cron(urls())};
    line.wait_for_out("up");
    for (const auto& node : nodes) {
        node.command({"DEL", lock()});
    }
    const finished mail = line.wait();
    EXPECT_EQ(mail.status, 79);
    EXPECT_THAT(mail.err, StartsWith("redlock: " + lock() + ": the lock is lost"));
}

INSTANTIATE_TEST_SUITE_P(pages, crontabs, testing::Values("README.md", "docs/command.md"),
                         [](const auto& each) {
                             return std::string{each.param} == "README.md" ? "readme" : "command";
                         });

using contention = three_nodes;

TEST_F(contention, is_silent_under_status_zero_and_when_that_is_asked_for) {
    hold_everywhere("a");
    const finished no_error = run({"run", "-n", "-E", "0", "a", "--", "true"});
    EXPECT_EQ(no_error.status, 0);
    EXPECT_THAT(no_error.err, IsEmpty());
    const finished waited = run({"run", "-w", "100ms", "-E", "0", "a", "--", "true"});
    EXPECT_EQ(waited.status, 0);
    EXPECT_THAT(waited.err, IsEmpty());
    const finished hushed = run({"acquire", "-n", "--quiet-contention", "a"});
    EXPECT_EQ(hushed.status, 75);
    EXPECT_THAT(hushed.err, IsEmpty());
    EXPECT_THAT(run({"run", "-n", "a", "--", "true"}).err, StartsWith("redlock: a: "));
}

TEST_F(contention, is_all_that_is_silent) {
    const finished overrun =
        run({"run", "-n", "-E", "0", "--max-hold", "100ms", "a", "--", "sleep", "1000"});
    EXPECT_EQ(overrun.status, 124);
    EXPECT_THAT(overrun.err, StartsWith("redlock: a: the command runs for longer"));
}

}  // namespace
}  // namespace redlock::cli_test
