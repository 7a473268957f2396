// Signals to `redlock run`: forwarded while the command runs, complete cancellation while it waits,
// and nothing left alive when redlock itself is killed.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

class forwarded : public three_nodes, public testing::WithParamInterface<int> {};

TEST_P(forwarded, reaches_the_command) {
    // The trap proves that it came from us to the command, the exit status that it was waited for.
    const std::string number = std::to_string(GetParam());
    process runner{start({"run", "a", "--", "sh", "-c",
                          "trap 'echo got " + number + "; exit 7' " + number +
                              "; echo up; while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    runner.signal(GetParam());
    const auto result = runner.wait();
    EXPECT_EQ(result.status, 7);
    EXPECT_NE(result.out.find("got " + number), std::string::npos);
    EXPECT_TRUE(clean("a"));
}

TEST_P(forwarded, that_kills_the_command_becomes_the_status) {
    process runner{start({"run", "a", "--", "sh", "-c", "echo up; exec sleep 1000"})};
    runner.wait_for_out("up");
    runner.signal(GetParam());
    EXPECT_EQ(runner.wait().status, 128 + GetParam());
    EXPECT_TRUE(clean("a"));
}

TEST_P(forwarded, while_waiting_leaves_nothing) {
    hold_everywhere("a");
    process waiter{start({"run", "-v", "--label", "me", "a", "--", "echo", "ran"})};
    waiter.wait_for_err("attempt failed");
    waiter.signal(GetParam());
    const auto result = waiter.wait();
    EXPECT_EQ(result.status, 128 + GetParam());
    EXPECT_EQ(result.out, "");
    for (auto& node : nodes) {
        EXPECT_EQ(node.get("a"), "other");
        node.command({"DEL", "a"});
    }
    EXPECT_TRUE(clean("a"));
}

INSTANTIATE_TEST_SUITE_P(signals, forwarded,
                         testing::Values(SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2),
                         [](const auto& tried) {
                             return std::string{::sigabbrev_np(tried.param)};
                         });

using run_signals = three_nodes;

TEST_F(run_signals, reach_the_whole_group) {
    process runner{start({"run", "a", "--", "sh", "-c",
                          "trap 'wait; echo outer; exit 0' TERM; "
                          "sh -c 'trap \"echo inner; exit\" TERM; echo up; "
                          "while :; do sleep 0.01; done' & while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    runner.signal(SIGTERM);
    const auto result = runner.wait();
    EXPECT_NE(result.out.find("inner\nouter\n"), std::string::npos) << result.out;
    EXPECT_EQ(result.status, 0);
}

TEST_F(run_signals, interrupted_while_waiting_with_one_node_free_leaves_nothing_there) {
    nodes[0].command({"SET", "a", "other", "PX", "60000"});
    nodes[1].command({"SET", "a", "other", "PX", "60000"});
    process waiter{start({"run", "-v", "a", "--", "echo", "ran"})};
    waiter.wait_for_err("attempt failed");
    waiter.signal(SIGINT);
    EXPECT_EQ(waiter.wait().status, 130);
    EXPECT_FALSE(nodes[2].get("a"));
}

TEST_F(run_signals, killing_redlock_kills_the_command_and_its_children) {
    const std::string path = testing::TempDir() + "redlock-pids-" + std::to_string(::getpid());
    process runner{start(
        {"run", "a", "--", "sh", "-c", "sleep 1000 & echo $! $$ >" + path + "; echo up; wait"})};
    runner.wait_for_out("up");
    FILE* file = ::fopen(path.c_str(), "r");
    pid_t grandchild = 0;
    pid_t command = 0;
    ASSERT_EQ(std::fscanf(file, "%d %d", &grandchild, &command), 2);
    std::fclose(file);
    ::unlink(path.c_str());
    ASSERT_TRUE(alive(command));
    ASSERT_TRUE(alive(grandchild));
    runner.signal(SIGKILL);
    EXPECT_EQ(runner.wait().status, -SIGKILL);
    eventually([&] { return !alive(command); }, "the command dies");
    eventually([&] { return !alive(grandchild); }, "its child dies");
}

long switches_of(pid_t process) {
    std::ifstream file{"/proc/" + std::to_string(process) + "/status"};
    const std::string wanted = "voluntary_ctxt_switches:";
    for (std::string word; file >> word;) {
        if (word == wanted) {
            file >> word;
            return std::stol(word);
        }
    }
    return 0;
}

// Between the command's end and the keeper's look whether anything is left.
TEST_F(run_signals, that_come_at_the_end_of_the_command_tell_of_nothing_that_is_not_there) {
    process runner{start({"run", "a", "--", "sh", "-c", "echo pid=$$.; exec sleep 1000"})};
    runner.wait_for_out(".\n");
    const pid_t command = std::stoi(runner.out().substr(4));
    const pid_t keeper = children_of(runner.pid()).at(0);
    runner.signal(SIGSTOP);
    eventually([&] { return state_of(runner.pid()) == 'T'; }, "redlock stops");
    eventually([&] { return state_of(keeper) == 'S'; }, "the keeper waits");
    const long before = switches_of(keeper);
    ASSERT_EQ(::kill(command, SIGKILL), 0);
    eventually([&] { return switches_of(keeper) > before; }, "the keeper has seen it end");
    ASSERT_EQ(::kill(keeper, SIGSTOP), 0);
    eventually([&] { return state_of(keeper) == 'T'; }, "the keeper stops");
    runner.signal(SIGTERM);
    runner.signal(SIGCONT);
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 128 + SIGKILL);
    EXPECT_EQ(result.err, "");
}

TEST_F(run_signals, stop_and_continue) {
    process runner{start({"run", "--lease-time", "30s", "a", "--", "sh", "-c",
                          "echo $$; trap 'echo continued; exit 3' CONT; echo up; "
                          "while :; do sleep 0.01; done"})};
    runner.wait_for_out("up");
    runner.signal(SIGTSTP);
    eventually([&] { return state_of(runner.pid()) == 'T'; }, "redlock stops");
    runner.signal(SIGCONT);
    const auto result = runner.wait();
    EXPECT_NE(result.out.find("continued"), std::string::npos);
    EXPECT_EQ(result.status, 3);
}

TEST_F(run_signals, stop_every_subcommand) {
    hold_everywhere("a");
    process waiter{start({"acquire", "-v", "a"})};
    waiter.wait_for_err("attempt failed");
    process servers{{.arguments = redlock_line({"local", "-n", "1"})}};
    servers.wait_for_out("\n");
    for (const auto& [stopped, status] : {std::pair{&waiter, 128 + SIGTERM}, {&servers, 0}}) {
        stopped->signal(SIGTSTP);
        eventually([&] { return state_of(stopped->pid()) == 'T'; }, "it stops");
        stopped->signal(SIGCONT);
        stopped->signal(SIGTERM);
        EXPECT_EQ(stopped->wait().status, status);
    }
}

}  // namespace
}  // namespace redlock::cli_test
