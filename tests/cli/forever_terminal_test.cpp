// `redlock run --forever` on a terminal: the keys that end a command end the campaign too, whatever
// the command makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* ctrl_c = "\x03";
constexpr const char* ctrl_backslash = "\x1c";

class forever_on_terminal : public three_nodes {
  protected:
    [[nodiscard]] process_options campaign(const std::string& script,
                                           std::vector<std::string> options = {}) const {
        std::vector<std::string> line{"run", "--forever"};
        line.insert(line.end(), options.begin(), options.end());
        line.insert(line.end(), {"a", "--", "sh", "-c", script});
        process_options started = start(std::move(line));
        started.on_terminal = true;
        return started;
    }
    void expect_end(process& runner, int status) {
        const finished result = runner.wait();
        EXPECT_EQ(result.status, status) << result.out;
        EXPECT_THAT(result.out, Not(HasSubstr("campaigning again")));
        EXPECT_TRUE(clean("a"));
    }
    const std::string bears = "echo up; while :; do sleep 0.01; done";
};

TEST_F(forever_on_terminal, ends_with_a_command_that_answers_ctrl_c_in_its_own_way) {
    for (const int status : {0, 3}) {
        process runner{campaign("trap 'exit " + std::to_string(status) + "' INT; " + bears)};
        runner.wait_for_out("up");
        runner.type(ctrl_c);
        expect_end(runner, status);
    }
    process runner{campaign("trap 'exit 5' QUIT; " + bears)};
    runner.wait_for_out("up");
    runner.type(ctrl_backslash);
    expect_end(runner, 5);
}

TEST_F(forever_on_terminal, ends_after_a_term_in_which_the_command_bore_ctrl_c) {
    process runner{campaign("trap 'echo later' INT; trap 'exit 3' USR1; " + bears)};
    runner.wait_for_out("up");
    runner.type(ctrl_c);
    runner.wait_for_out("later");
    runner.signal(SIGUSR1);
    expect_end(runner, 3);
}

TEST_F(forever_on_terminal, ends_after_a_command_that_was_stopped_for_running_too_long) {
    process runner{campaign("trap 'echo later' INT; trap '' TERM; " + bears, {"--max-hold", "3s"})};
    runner.wait_for_out("up");
    runner.type(ctrl_c);
    runner.wait_for_out("later");
    expect_end(runner, 124);
}

TEST_F(forever_on_terminal, ends_when_redlock_itself_is_asked_to) {
    for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) {
        process runner{campaign("trap 'exit 3' INT TERM QUIT HUP; " + bears)};
        runner.wait_for_out("up");
        runner.signal(number);
        expect_end(runner, 3);
    }
}

TEST_F(forever_on_terminal, goes_on_after_a_signal_that_the_command_sent_to_itself) {
    process runner{campaign("trap 'exit 3' INT; echo up; kill -INT 0; sleep 1000")};
    runner.wait_for_out("ended with status 3");
    runner.wait_for_out("campaigning again in 2.0s");
    runner.type(ctrl_c);
    EXPECT_EQ(runner.wait().status, 128 + SIGINT);
}

TEST_F(forever_on_terminal, goes_on_after_a_signal_that_redlock_was_started_to_ignore) {
    process runner{{.arguments = {"sh", "-c",
                                  "trap '' INT; exec " REDLOCK_BINARY
                                  " run --forever a -- sh -c 'echo up; read x; exit 3'"},
                    .environment = environment(),
                    .on_terminal = true}};
    runner.wait_for_out("up");
    runner.type("\x03\n");
    runner.wait_for_out("campaigning again");
    runner.signal(SIGTERM);
    runner.wait();
}

TEST_F(forever_on_terminal, ends_where_the_system_closes_no_ranges_of_descriptors) {
    process_options older = campaign("trap 'exit 3' INT; " + bears);
    older.may_not_close_ranges = true;
    process runner{older};
    runner.wait_for_out("up");
    runner.type(ctrl_c);
    expect_end(runner, 3);
}

TEST_F(forever_on_terminal, ends_though_somebody_has_stopped_the_listening_process) {
    process runner{campaign("trap 'exit 3' INT; " + bears)};
    runner.wait_for_out("up");
    const auto children = children_of(runner.pid());
    const auto listener = std::ranges::find(children, "redlock-listens", name_of);
    ASSERT_NE(listener, children.end());
    ASSERT_EQ(::kill(*listener, SIGSTOP), 0);
    eventually([&] { return state_of(*listener) == 'T'; }, "it is stopped");
    runner.type(ctrl_c);
    expect_end(runner, 3);
}

TEST_F(forever_on_terminal, leaves_no_process_behind_a_term) {
    process runner{campaign("echo up; exit 3")};
    runner.wait_for_out("campaigning again in 2.0s");
    eventually([&] { return children_of(runner.pid()).empty(); }, "all children are gone");
    runner.type(ctrl_c);
    EXPECT_EQ(runner.wait().status, 128 + SIGINT);
}

}  // namespace
}  // namespace redlock::cli_test
