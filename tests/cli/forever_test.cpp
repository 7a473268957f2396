// `redlock run --forever` on real servers: who leads, what follows the end of the command, and what
// ends it all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <redlock/clock.hpp>
#include <sstream>

#include "cli/support/three_nodes.hpp"

namespace redlock::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Leads until it is asked to end, by SIGUSR1 with status 1.
constexpr const char* leading =
    "trap 'exit 1' USR1; trap 'echo TERM; exit 7' TERM; trap 'echo INT; exit 8' INT; "
    "echo up; while :; do sleep 0.01; done";

class forever : public three_nodes {
  protected:
    [[nodiscard]] process_options campaign(const std::string& script,
                                           std::vector<std::string> options = {}) const {
        std::vector<std::string> line{"run", "--forever"};
        line.insert(line.end(), options.begin(), options.end());
        line.insert(line.end(), {"a", "--", "sh", "-c", script});
        return start(std::move(line));
    }
    void remove_everywhere() {
        for (auto& node : nodes) {
            node.command({"DEL", "a"});
        }
    }
    static std::vector<double> numbers(const std::string& text) {
        std::vector<double> all;
        std::istringstream in{text};
        for (std::string word; in >> word;) {
            all.push_back(std::stod(word));
        }
        return all;
    }
};

TEST_F(forever, runs_the_command_again_whatever_it_ends_with_in_a_later_term) {
    for (const std::string status : {"0", "3"}) {
        process runner{campaign("echo $REDLOCK_FENCING_TOKEN; exit " + status)};
        runner.wait_for_err("campaigning again in 1.0s\n");
        runner.wait_for_err("campaigning again in 2.0s\n");
        runner.signal(SIGTERM);
        const finished result = runner.wait();
        EXPECT_THAT(result.err, HasSubstr("redlock: a: the command ended with status " + status));
        const std::vector<double> terms = numbers(result.out);
        ASSERT_EQ(terms.size(), 2U) << result.out;
        EXPECT_GT(terms[1], terms[0]);
        EXPECT_TRUE(clean("a"));
    }
}

// A sleep cannot be too short: what is compared here does not depend on how busy the machine is.
TEST_F(forever, runs_a_command_that_ends_at_once_rarer_and_rarer) {
    process runner{campaign("cut -d' ' -f1 /proc/uptime; exit 1")};
    runner.wait_for_err("campaigning again in 4.0s\n");
    runner.signal(SIGTERM);
    const finished result = runner.wait();
    const std::vector<double> starts = numbers(result.out);
    ASSERT_EQ(starts.size(), 3U) << result.out;
    constexpr double tick = 0.02;
    EXPECT_GE(starts[1] - starts[0], 1.0 - tick);
    EXPECT_GE(starts[2] - starts[1], 2.0 - tick);
}

TEST_F(forever, gives_the_lock_to_another_when_the_command_has_ended) {
    process first{campaign(leading)};
    first.wait_for_out("up");
    process second{campaign(leading, {"-v"})};
    second.wait_for_err("attempt failed");
    first.signal(SIGUSR1);
    first.wait_for_err("the command ended with status 1");
    second.wait_for_out("up");
    second.signal(SIGTERM);
    EXPECT_EQ(second.wait().status, 7);
    first.wait_for_out("up\nup");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait().status, 7);
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, is_taken_over_from_a_leader_that_is_killed) {
    process first{campaign(leading, {"--lease-time", "1s"})};
    first.wait_for_out("up");
    process second{campaign(leading, {"-v", "--lease-time", "1s"})};
    second.wait_for_err("attempt failed");
    first.signal(SIGKILL);
    second.wait_for_out("up");
    first.wait_for_the_last_word();
    second.signal(SIGTERM);
    EXPECT_EQ(second.wait().status, 7);
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, is_taken_over_from_a_leader_that_is_frozen_which_then_campaigns_again) {
    process first{campaign(leading, {"--lease-time", "1s"})};
    first.wait_for_out("up");
    process second{campaign(leading, {"-v", "--lease-time", "1s"})};
    second.wait_for_err("attempt failed");
    first.signal(SIGSTOP);
    second.wait_for_out("up");
    first.wait_for_err("redlock: a: the lock is lost: redlock could not renew it in time");
    first.signal(SIGCONT);
    first.wait_for_err("; campaigning again in 1.0s\n");
    second.signal(SIGTERM);
    EXPECT_EQ(second.wait().status, 7);
    first.wait_for_out("up\nup");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait().status, 7) << "the loss belongs to a term that is over";
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, ends_the_command_at_a_loss_and_campaigns_again) {
    process runner{campaign(leading)};
    for (int term = 0; term < 2; ++term) {
        runner.wait_for_out(term == 0 ? "up\n" : "TERM\nup\n");
        eventually([&] { return nodes_holding("a") == 3; }, "all nodes hold it");
        remove_everywhere();
        runner.wait_for_err(term == 0 ? "in 1.0s\n" : "in 2.0s\n");
    }
    runner.wait_for_out("up\nTERM\nup\nTERM\nup\n");
    runner.signal(SIGTERM);
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 7) << "and not 79: " << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("redlock: a: the lock is lost"),
                                  HasSubstr("redlock: a: the command ended with status 7 after ")));
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, stopped_while_it_leads_ends_with_the_command_and_leaves_nothing) {
    for (const auto& [number, word, status] :
         {std::tuple{SIGTERM, "TERM", 7}, std::tuple{SIGINT, "INT", 8}}) {
        process runner{campaign(leading)};
        runner.wait_for_out("up");
        runner.signal(number);
        const finished result = runner.wait();
        EXPECT_EQ(result.status, status);
        EXPECT_EQ(result.out, std::string{"up\n"} + word + "\n");
        EXPECT_THAT(result.err, Not(HasSubstr("redlock:"))) << "the shell may say what it got";
        EXPECT_TRUE(clean("a"));
    }
}

TEST_F(forever, stopped_while_it_waits_leaves_nothing) {
    hold_everywhere("a");
    for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
        process waiter{campaign(leading, {"-v"})};
        waiter.wait_for_err("attempt failed");
        waiter.signal(number);
        const finished result = waiter.wait();
        EXPECT_EQ(result.status, 128 + number);
        EXPECT_EQ(result.out, "");
    }
    remove_everywhere();
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, runs_as_often_at_once_as_there_are_permits) {
    const std::vector<std::string> options{"-v", "--permits", "2"};
    process first{campaign(leading, options)};
    first.wait_for_out("up");
    process second{campaign(leading, options)};
    second.wait_for_out("up");
    process third{campaign(leading, options)};
    third.wait_for_err("attempt failed");
    EXPECT_EQ(third.out(), "");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait().status, 7);
    third.wait_for_out("up");
    for (process* each : {&second, &third}) {
        each->signal(SIGTERM);
        EXPECT_EQ(each->wait().status, 7);
    }
}

TEST_F(forever, holds_all_names_in_each_term) {
    process runner{campaign("exec " REDLOCK_BINARY " leader b", {"--also", "b"})};
    runner.wait_for_err("campaigning again in 2.0s");
    runner.signal(SIGTERM);
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 128 + SIGTERM);
    const auto led = result.out.find("b: led by ");
    EXPECT_NE(led, std::string::npos) << result.out;
    EXPECT_NE(result.out.find("b: led by ", led + 1), std::string::npos) << result.out;
    EXPECT_TRUE(clean("a"));
    EXPECT_TRUE(clean("b"));
}

TEST_F(forever, waits_without_end_whatever_a_configuration_says) {
    const std::string path = testing::TempDir() + "redlock-waits-" + std::to_string(::getpid());
    std::ofstream(path) << "quorum_timeout = \"1ms\"\n[acquire]\nwait = \"0s\"\n";
    hold_everywhere("a");
    process waiter{campaign(leading, {"-v", "--config", path})};
    waiter.wait_for_err("attempt failed");
    remove_everywhere();
    waiter.wait_for_out("up");
    waiter.signal(SIGTERM);
    EXPECT_EQ(waiter.wait().status, 7);
    ::unlink(path.c_str());
}

// A pause so long that even a busy machine is done before its end.
TEST_F(forever, stopped_in_a_pause_ends_at_once_and_leaves_nothing) {
    process runner{campaign("exit 1")};
    runner.wait_for_err("campaigning again in 8.0s");
    const auto begun = boot_clock::now();
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
    EXPECT_LT(boot_clock::now() - begun, std::chrono::seconds{6}) << "not when the pause is over";
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, stopped_by_a_signal_that_the_command_bears_ends_with_this_term) {
    process runner{
        campaign("trap 'echo later' TERM; trap 'exit 3' USR1; echo up; "
                 "while :; do sleep 0.01; done")};
    runner.wait_for_out("up");
    runner.signal(SIGTERM);
    runner.wait_for_out("later");
    runner.signal(SIGUSR1);
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.err, Not(HasSubstr("redlock:")));
}

TEST_F(forever, passes_on_what_is_meant_for_the_command_and_goes_on) {
    for (const int number : {SIGHUP, SIGUSR1, SIGUSR2}) {
        process runner{campaign("trap 'echo got; exit 1' " + std::to_string(number) +
                                "; echo up; while :; do sleep 0.01; done")};
        runner.wait_for_out("up");
        runner.signal(number);
        runner.wait_for_out("got\nup");
        runner.signal(SIGTERM);
        EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
    }
}

TEST_F(forever, waits_on_when_a_signal_comes_that_is_meant_for_the_command) {
    hold_everywhere("a");
    process waiter{campaign(leading, {"-v"})};
    waiter.wait_for_err("attempt failed");
    for (const int number : {SIGHUP, SIGUSR1, SIGUSR2}) {
        waiter.signal(number);
    }
    remove_everywhere();
    waiter.wait_for_out("up");
    waiter.signal(SIGTERM);
    EXPECT_EQ(waiter.wait().status, 7);
}

TEST_F(forever, is_ended_by_the_keys_that_end_a_command_on_a_terminal) {
    auto options = campaign("echo up; exec sleep 1000");
    options.on_terminal = true;
    process runner{std::move(options)};
    runner.wait_for_out("up");
    runner.type("\x03");
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 128 + SIGINT);
    EXPECT_THAT(result.out, Not(HasSubstr("campaigning again")));
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, bears_an_outage_unless_it_is_told_for_how_long) {
    for (auto& node : nodes) {
        node.kill();
    }
    const finished limited =
        run({"run", "--forever", "--quorum-timeout", "100ms", "a", "--", "echo", "ran"});
    EXPECT_EQ(limited.status, 69) << limited.err;
    EXPECT_EQ(limited.out, "");
    process runner{campaign(leading)};
    runner.wait_for_err("; still trying\n");
    for (auto& node : nodes) {
        node.restart();
        node.vouch();
    }
    runner.wait_for_out("up");
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 7);
}

TEST_F(forever, runs_the_command_again_after_it_was_stopped_for_running_too_long) {
    process runner{campaign("echo up; exec sleep 1000", {"--max-hold", "100ms"})};
    runner.wait_for_out("up\nup");
    runner.signal(SIGTERM);
    EXPECT_THAT(runner.wait().err, HasSubstr("the command runs for longer than 100ms"));
}

TEST_F(forever, keeps_the_lock_in_the_pause_if_a_minimum_is_asked_for) {
    process runner{campaign("exit 1", {"--min-hold", "30s"})};
    runner.wait_for_err("campaigning again in 1.0s");
    EXPECT_EQ(run({"run", "-n", "a", "--", "true"}).status, 75);
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().status, 128 + SIGTERM);
}

TEST_F(forever, ends_at_once_if_the_command_cannot_be_started) {
    const finished result = run({"run", "--forever", "a", "--", "/no/such/program"});
    EXPECT_EQ(result.status, 127);
    EXPECT_EQ(result.err, "redlock: cannot execute /no/such/program: No such file or directory\n");
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, ends_when_the_keeper_is_killed) {
    process runner{campaign("echo up; exec sleep 1000")};
    runner.wait_for_out("up\n");
    const auto children = children_of(runner.pid());
    ASSERT_EQ(children.size(), 1U);
    ASSERT_EQ(::kill(children[0], SIGKILL), 0);
    const finished result = runner.wait();
    EXPECT_EQ(result.status, 70) << result.err;
    EXPECT_THAT(result.err, Not(HasSubstr("campaigning again")));
    EXPECT_TRUE(clean("a"));
}

TEST_F(forever, is_silent_if_asked) {
    process runner{campaign("echo up; exit 1", {"-q"})};
    runner.wait_for_out("up\nup\n");
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().err, "");
}

}  // namespace
}  // namespace redlock::cli_test
