// When a campaign goes on, after how long, and what ends it; without a process or a socket.
#include "cli/run/campaign_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace redlock::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<std::chrono::nanoseconds> pauses_after(
    const std::vector<std::chrono::nanoseconds>& runs) {
    campaign_pause pauses;
    std::vector<std::chrono::nanoseconds> all;
    for (const auto ran : runs) {
        all.push_back(pauses.after(ran));
    }
    return all;
}

TEST(campaign_pause_test, doubles_up_to_a_minute_while_the_command_ends_early) {
    EXPECT_THAT(pauses_after(std::vector<std::chrono::nanoseconds>(9, 0ns)),
                ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 1min, 1min, 1min));
}

TEST(campaign_pause_test, is_the_shortest_again_after_a_run_of_a_minute) {
    EXPECT_THAT(pauses_after({0s, 0s, 1min, 0s}), ElementsAre(1s, 2s, 1s, 2s));
    EXPECT_THAT(pauses_after({0s, 0s, 1min - 1ns, 0s}), ElementsAre(1s, 2s, 4s, 8s));
    EXPECT_THAT(pauses_after(std::vector<std::chrono::nanoseconds>(4, 1h)),
                ElementsAre(1s, 1s, 1s, 1s));
}

TEST(campaign_plan, is_ended_by_the_signals_that_ask_a_program_to_end) {
    for (const auto where : {surroundings::terminal, surroundings::service}) {
        for (const int number : {SIGINT, SIGTERM, SIGQUIT}) {
            EXPECT_TRUE(ends_campaign(number, where)) << number;
        }
        for (const int number : {SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGCHLD}) {
            EXPECT_FALSE(ends_campaign(number, where)) << number;
        }
    }
    EXPECT_TRUE(ends_campaign(SIGHUP, surroundings::terminal)) << "the terminal is gone";
    EXPECT_FALSE(ends_campaign(SIGHUP, surroundings::service)) << "the settings have changed";
}

TEST(campaign_plan, is_ended_by_a_command_that_the_terminal_has_ended) {
    for (const int number : {SIGINT, SIGQUIT, SIGHUP}) {
        EXPECT_TRUE(is_ended_from_terminal(128 + number, surroundings::terminal)) << number;
        EXPECT_FALSE(is_ended_from_terminal(128 + number, surroundings::service)) << number;
        EXPECT_FALSE(is_ended_from_terminal(number, surroundings::terminal)) << number;
    }
    for (const int status : {0, 1, 79, 124, 128 + SIGTERM, 128 + SIGKILL, 128 + SIGSEGV}) {
        EXPECT_FALSE(is_ended_from_terminal(status, surroundings::terminal)) << status;
    }
}

}  // namespace
}  // namespace redlock::cli
