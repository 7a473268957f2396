// Losing the lock while the command runs. The safety rule of all this: when the lock can be
// somebody else's, the command is dead, whatever the nodes, the command and redlock itself are
// doing; and it never looks like success. Measured on CLOCK_BOOTTIME by the command's own last sign
// of life.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <redlock/clock.hpp>
#include <sstream>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using namespace std::chrono_literals;

/// Ignores SIGTERM and writes the time since boot, in seconds, again and again.
constexpr const char* deaf_heartbeat =
    "trap 'echo TERM' TERM; echo up; while :; do cut -d' ' -f1 /proc/uptime; sleep 0.01; done";

class run_loss : public three_nodes {
  protected:
    void freeze_all() {
        for (auto& node : nodes) {
            node.freeze();
        }
    }
    static double last_number(const std::string& text) {
        double last = 0;
        std::istringstream in{text};
        for (std::string word; in >> word;) {
            if (word.find_first_not_of("0123456789.") == std::string::npos) {
                last = std::stod(word);
            }
        }
        return last;
    }
    static double now() {
        return std::chrono::duration<double>(boot_clock::now().time_since_epoch()).count();
    }
};

TEST_F(run_loss, with_every_node_frozen_the_command_is_dead_before_validity_ends) {
    process runner{start({"run", "--lease-time", "2s", "--stop-margin", "600ms", "a", "--", "sh",
                          "-c", deaf_heartbeat})};
    runner.wait_for_out("up");
    freeze_all();
    // No node extends the lease after this instant, so this is its latest end.
    const double end = now() + 2.0;
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << result.err;
    EXPECT_NE(result.out.find("TERM"), std::string::npos) << "first SIGTERM, then SIGKILL";
    EXPECT_LT(last_number(result.out), end);
    EXPECT_NE(result.err.find("redlock: a: the lock is lost"), std::string::npos) << result.err;
}

TEST_F(run_loss, with_redlock_stopped_the_command_is_dead_before_validity_ends) {
    const std::string path = testing::TempDir() + "redlock-beat-" + std::to_string(::getpid());
    process runner{
        start({"run", "--lease-time", "2s", "--stop-margin", "600ms", "a", "--", "sh", "-c",
               "echo $$ >" + path + ".pid; echo up; exec >" + path + "; " + deaf_heartbeat})};
    runner.wait_for_out("up");
    pid_t command = 0;
    std::ifstream(path + ".pid") >> command;
    ASSERT_TRUE(alive(command));
    runner.signal(SIGSTOP);
    const double end = now() + 2.0;
    // The node lets go of the key when the lease is over; by then nobody may be at work.
    eventually([&] { return !nodes[0].get("a") && !nodes[1].get("a"); }, "the lease ends");
    EXPECT_FALSE(alive(command)) << "and not only when redlock goes on";
    runner.signal(SIGCONT);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << result.err;
    std::ifstream file(path);
    const std::string beats{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_GT(last_number(beats), 0.0);
    EXPECT_LT(last_number(beats), end);
    ::unlink(path.c_str());
    ::unlink((path + ".pid").c_str());
}

// The pause goes beyond the end that the lease had before its last renewal, and ends long before
// the new one.
TEST_F(run_loss, a_pause_that_the_lease_outlasts_is_no_loss) {
    process runner{start(
        {"run", "-v", "--lease-time", "6s", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    const double begun = now();
    runner.wait_for_err("extended a");
    runner.signal(SIGSTOP);
    eventually([&] { return now() > begun + 6.1; }, "the first lease would be over");
    runner.signal(SIGCONT);
    runner.signal(SIGTERM);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 128 + SIGTERM) << result.err;
    EXPECT_EQ(result.err.find("lost"), std::string::npos) << result.err;
}

TEST_F(run_loss, the_keeper_says_why_it_killed_and_redlock_does_not_say_it_again) {
    process runner{
        start({"run", "--lease-time", "1s", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    runner.signal(SIGSTOP);
    runner.wait_for_err("redlock: a: the lock is lost: redlock could not renew it in time");
    runner.signal(SIGCONT);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79);
    EXPECT_EQ(result.err.find("lost"), result.err.rfind("lost")) << result.err;
}

TEST_F(run_loss, the_keeper_ends_what_runs_too_long) {
    process runner{start({"run", "--on-lost=warn", "--max-hold", "500ms", "a", "--", "sh", "-c",
                          "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    runner.signal(SIGSTOP);
    runner.wait_for_err("redlock: a: the command runs for longer than 500ms, and everything");
    runner.signal(SIGCONT);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 124) << result.err;
}

TEST_F(run_loss, deletion_stops_the_command) {
    process runner{start({"run", "--lease-time", "600ms", "a", "--", "sh", "-c",
                          "trap 'echo TERM; exit 0' TERM; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << "though the command exited with 0";
    EXPECT_NE(result.out.find("TERM"), std::string::npos);
}

// The lease ends, and is renewed, long after the test's patience: only the nodes can have told.
TEST_F(run_loss, deletion_on_a_majority_stops_the_command_though_the_lease_is_long) {
    process runner{start({"run", "--lease-time", "60s", "a", "--", "sh", "-c",
                          "trap 'echo TERM; exit 0' TERM; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    // The command runs as soon as two hold it: the third may get its key after the deletion.
    eventually([&] { return nodes_holding("a") == 3; }, "all nodes hold it");
    const double begun = now();
    nodes[0].command({"DEL", "a"});
    nodes[2].command({"DEL", "a"});
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << result.err;
    EXPECT_NE(result.out.find("TERM"), std::string::npos);
    EXPECT_LT(now(), begun + 10.0) << "not by a renewal, after 20 s";
    EXPECT_NE(result.err.find("redlock: a: the lock is lost"), std::string::npos) << result.err;
}

TEST_F(run_loss, names_the_nodes_that_are_silent) {
    process runner{start(
        {"run", "--lease-time", "1500ms", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    freeze_all();
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79);
    const auto lost = result.err.find("the lock is lost");
    ASSERT_NE(lost, std::string::npos) << result.err;
    const auto named = std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) {
        return result.err.substr(lost, result.err.find('\n', lost) - lost).find(node.url()) !=
               std::string::npos;
    });
    EXPECT_GE(named, 2) << "enough of them to know why: " << result.err;
}

TEST_F(run_loss, the_new_holder_is_left_alone) {
    process runner{
        start({"run", "--lease-time", "600ms", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    hold_everywhere("a", "thief");
    EXPECT_EQ(runner.wait().status, 79);
    for (auto& node : nodes) {
        EXPECT_EQ(node.get("a"), "thief");
    }
}

TEST_F(run_loss, one_node_that_forgets_is_no_loss) {
    process runner{start(
        {"run", "-v", "--lease-time", "300ms", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    nodes[0].command({"DEL", "a"});
    runner.wait_for_err("extended a");
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
}

TEST_F(run_loss, right_at_the_end_is_no_success_either) {
    process runner{start({"run", "--lease-time", "30s", "a", "--", "sh", "-c",
                          "trap 'exit 0' USR1; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    for (auto& node : nodes) {
        node.command({"DEL", "a"});
    }
    runner.signal(SIGUSR1);
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79) << result.err;
    // Whichever came first: the nodes' word, or the command's end and the release.
    EXPECT_TRUE(result.err.find("gone before it was released") != std::string::npos ||
                result.err.find("the lock is lost") != std::string::npos)
        << result.err;
}

TEST_F(run_loss, on_lost_kill_gives_no_warning) {
    process runner{start({"run", "--on-lost=kill", "--lease-time", "600ms", "a", "--", "sh", "-c",
                          "trap 'echo TERM' TERM; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    freeze_all();
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 79);
    EXPECT_EQ(result.out.find("TERM"), std::string::npos);
}

TEST_F(run_loss, on_lost_warn_lets_the_command_finish) {
    process runner{start({"run", "--on-lost=warn", "--lease-time", "300ms", "a", "--", "sh", "-c",
                          "trap 'exit 0' USR1; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    freeze_all();
    runner.wait_for_err("the lock is lost");
    EXPECT_TRUE(alive(runner.pid()));
    runner.signal(SIGUSR1);
    EXPECT_EQ(runner.wait().status, 79);
}

TEST_F(run_loss, the_group_goes_with_the_command) {
    process runner{
        start({"run", "--lease-time", "600ms", "a", "--", "sh", "-c",
               "sh -c 'trap \"\" TERM; echo $$.; while :; do sleep 0.01; done' & wait"})};
    runner.wait_for_out(".\n");
    freeze_all();
    const auto result = runner.wait();  // returns when the grandchild has let go of the pipe too
    EXPECT_EQ(result.status, 79);
    const auto grandchild = static_cast<pid_t>(std::stoi(result.out));
    eventually([&] { return !alive(grandchild); }, "the grandchild dies");
}

TEST_F(run_loss, a_stopped_command_is_killed_too) {
    process runner{start({"run", "--lease-time", "600ms", "a", "--", "sh", "-c",
                          "echo up; kill -STOP $$; echo went on"})};
    runner.wait_for_out("up");
    freeze_all();
    EXPECT_EQ(runner.wait().status, 79);
}

}  // namespace
}  // namespace redlock::cli_test
