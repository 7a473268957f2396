// A command that may not be signalled, as one that has become another user by sudo: redlock cannot
// stop it, so it must say so, whatever it wanted to stop it for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string refused_term = "cannot send signal 15 (Terminated) to the command: Operation not";
const std::string lost_term = "cannot send signal 15 (Terminated) to process ";
const std::string lost_kill = "cannot send signal 9 (Killed) to process ";

class run_refused : public three_nodes {
  protected:
    /// Runs until the command has printed its number.
    [[nodiscard]] process_options start_refused(std::vector<std::string> options) const {
        options.insert(options.begin(), "run");
        options.insert(options.end(), {"a", "--", "sh", "-c", "echo $$.; exec sleep 1000"});
        auto line = start(options);
        line.may_not_signal_groups = true;
        return line;
    }
    static pid_t command_of(process& runner) {
        runner.wait_for_out(".\n");
        return static_cast<pid_t>(std::stoi(runner.out()));
    }
    static std::size_t count(const std::string& text, const std::string& part) {
        std::size_t found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
            ++found;
        }
        return found;
    }
};

TEST_F(run_refused, a_signal_that_cannot_be_passed_on_is_told) {
    process runner{start_refused({})};
    const pid_t command = command_of(runner);
    runner.signal(SIGTERM);
    runner.wait_for_err(refused_term);
    EXPECT_TRUE(alive(command));
    ASSERT_EQ(::kill(command, SIGKILL), 0);
    EXPECT_EQ(runner.wait().status, 128 + SIGKILL);
    EXPECT_TRUE(clean("a"));
}

TEST_F(run_refused, a_lost_lock_is_told_to_be_worked_without) {
    process runner{start_refused({"--lease-time", "600ms"})};
    const pid_t command = command_of(runner);
    for (auto& node : nodes) {
        node.freeze();
    }
    runner.wait_for_err(lost_kill);
    EXPECT_TRUE(alive(command));
    ASSERT_EQ(::kill(command, SIGKILL), 0);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79);
    EXPECT_EQ(count(result.err, lost_term), 1U) << result.err;
    // By us when the time has come, and by the keeper, which cannot know of it; but not once more
    // for what the command left running, because it left nothing.
    EXPECT_THAT(count(result.err, lost_kill), testing::AnyOf(1U, 2U)) << result.err;
    EXPECT_THAT(result.err, HasSubstr(lost_kill + std::to_string(command) + " (sleep): Operation"));
    EXPECT_THAT(result.err, HasSubstr("it may work on, even without a lock"));
}

TEST_F(run_refused, the_keeper_tells_it_when_redlock_is_stopped) {
    for (const std::string volume : {"--verbose", "--quiet"}) {
        process runner{start_refused({volume, "--lease-time", "600ms"})};
        const pid_t command = command_of(runner);
        runner.signal(SIGSTOP);
        if (volume == "--verbose") {
            runner.wait_for_err("redlock: " + lost_kill + std::to_string(command) + " (sleep)");
        } else {
            eventually([&] { return nodes_holding("a") == 0; }, "the lease ends");
        }
        EXPECT_TRUE(alive(command));
        runner.signal(SIGKILL);
        const auto result = runner.wait();
        EXPECT_EQ(result.status, -SIGKILL);
        EXPECT_EQ(count(result.err, lost_kill), volume == "--quiet" ? 0U : 1U) << result.err;
    }
}

TEST_F(run_refused, nobody_is_alarmed_where_all_is_well) {
    process runner{start({"run", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    runner.signal(SIGTERM);
    EXPECT_THAT(runner.wait().err, Not(HasSubstr("cannot send")));
}

}  // namespace
}  // namespace redlock::cli_test
