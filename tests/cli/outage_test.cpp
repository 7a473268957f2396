// `--quorum-timeout`: how long a run goes on while its servers are down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class outage : public three_nodes {
  protected:
    outage() {
        for (auto& node : nodes) {
            node.kill();
        }
    }
};

/// What the page shows for systemd, as the arguments of redlock, with a scheduler of ours.
std::vector<std::string> shown_for_systemd() {
    std::ifstream page{REDLOCK_ROOT "/docs/command.md"};
    const std::string begin = "ExecStart=/usr/bin/redlock ";
    std::vector<std::string> arguments;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with(begin)) {
            std::istringstream in{line.substr(begin.size())};
            arguments.assign(std::istream_iterator<std::string>{in}, {});
        }
    }
    EXPECT_FALSE(arguments.empty()) << "the page shows none";
    EXPECT_EQ(arguments.back(), "/usr/bin/scheduler");
    arguments.pop_back();
    arguments.insert(arguments.end(), {"echo", "ran"});
    return arguments;
}

TEST_F(outage, is_borne_for_ever_by_a_standby_which_says_so_once) {
    const std::string said = "redlock: scheduler: too few nodes give votes; node 0 (";
    process standby{start(shown_for_systemd())};
    standby.wait_for_err(said);
    for (auto& node : nodes) {
        node.restart();
        node.vouch();
    }
    standby.wait_for_out("ran\n");
    standby.wait_for_err("campaigning again in 1.0s\n");
    standby.signal(SIGTERM);
    const finished result = standby.wait();
    EXPECT_EQ(result.status, 143) << "the unit says that this is no failure";
    EXPECT_EQ(result.out, "ran\n");
    EXPECT_THAT(result.err, testing::StartsWith(said));
    EXPECT_THAT(result.err, AllOf(HasSubstr("Connection refused"), HasSubstr("; still trying\n")));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 2) << result.err;
}

TEST_F(outage, is_borne_for_as_long_as_is_asked) {
    const finished result =
        run({"run", "-v", "--quorum-timeout", "100ms", "a", "--", "echo", "ran"});
    EXPECT_EQ(result.status, 69);
    EXPECT_THAT(result.err, HasSubstr("too few nodes answered"));
    EXPECT_THAT(result.err, testing::Not(HasSubstr("acquire failed a, after 5."))) << "the default";
    EXPECT_EQ(run({"acquire", "--quorum-timeout", "100ms", "a"}).status, 69);
    EXPECT_EQ(run({"run", "-n", "--quorum-timeout", "forever", "a", "--", "true"}).status, 69)
        << "one attempt is one attempt";
    const finished wrong = run({"run", "--quorum-timeout", "ever", "a", "--", "true"});
    EXPECT_EQ(wrong.status, 64);
    EXPECT_THAT(wrong.err, HasSubstr("neither forever nor a duration"));
}

}  // namespace
}  // namespace redlock::cli_test
