// Who may vote when, and what a round makes of the votes of those who may not.
#include "core/quarantine.hpp"

#include <gtest/gtest.h>

#include "core/acquire_round.hpp"
#include "core/validity.hpp"

namespace redlock::core::quarantine_cases {
namespace {

using namespace std::chrono_literals;

constexpr instant epoch{1h};

TEST(quarantine_time, outlasts_the_longest_lease_as_the_slowest_clock_counts_it) {
    const auto lease = 30s;
    EXPECT_GE(quarantine_time(lease, 1ms, 1ms), lease + drift_of(lease));
    EXPECT_EQ(quarantine_time(30s, 10s, 1s), 30'302ms + 1s);
    EXPECT_EQ(quarantine_time(1s, 1ms, 5s) - quarantine_time(1s, 1ms, 1s), 4s);
}

TEST(quarantine_time, is_longer_than_two_windows_and_a_step) {
    for (const auto window : {1ms, 500ms, 60'000ms}) {
        for (const auto step : {1ms, 1'000ms}) {
            EXPECT_GT(quarantine_time(3ms, window, step), 2 * window + step);
        }
    }
}

TEST(quarantine, gives_no_vote_to_a_node_that_was_not_greeted) {
    const quarantine nodes{2};
    EXPECT_FALSE(nodes.may_vote(0, epoch));
    EXPECT_EQ(nodes.votes_from(0), never);
}

TEST(quarantine, always_gives_a_vote_to_a_trusted_node) {
    quarantine nodes{2};
    nodes.trust(1);
    EXPECT_TRUE(nodes.may_vote(1, instant::min()));
    EXPECT_FALSE(nodes.may_vote(0, epoch));
}

TEST(quarantine, gives_a_vote_at_once_where_nothing_remains) {
    quarantine nodes{1};
    nodes.on_greeted(0, 0ms, epoch);
    // Also to a round that began before the answer: nothing was forgotten then either.
    EXPECT_TRUE(nodes.may_vote(0, epoch - 1s));
}

TEST(quarantine, counts_rounds_that_begin_after_its_end_by_the_slower_clock) {
    quarantine nodes{1};
    nodes.on_greeted(0, 10s, epoch);
    const instant end = epoch + 10s + drift_of(10s);
    EXPECT_FALSE(nodes.may_vote(0, end - 1ns));
    EXPECT_TRUE(nodes.may_vote(0, end));
}

TEST(quarantine, believes_nothing_of_a_connection_that_is_gone) {
    quarantine nodes{1};
    nodes.on_greeted(0, 0ms, epoch);
    nodes.on_gone(0);
    EXPECT_FALSE(nodes.may_vote(0, epoch + 1h));
    nodes.on_greeted(0, 5s, epoch);
    EXPECT_FALSE(nodes.may_vote(0, epoch + 5s));
}

// ---- votes without weight ----

constexpr acquire_vote granted{.answer = acquire_answer::granted};
constexpr acquire_vote without_weight{.answer = acquire_answer::granted, .counts = false};

acquire_round round_of_three() {
    return {3, 10s, epoch};
}

TEST(votes_without_weight, make_no_quorum_and_are_given_back_at_once) {
    auto round = round_of_three();
    EXPECT_FALSE(round.on_vote(0, granted, epoch).finished);
    const auto effects = round.on_vote(1, without_weight, epoch);
    EXPECT_FALSE(effects.finished);
    EXPECT_EQ(effects.release, node_set::only(1));
    EXPECT_TRUE(effects.release_doubtful.empty());
    EXPECT_TRUE(round.on_vote(2, granted, epoch).finished);
    EXPECT_EQ(round.outcome(), acquire_outcome::held);
    EXPECT_EQ(round.granted(), node_set::only(0) | node_set::only(2));
    EXPECT_EQ(round.quarantined(), node_set::only(1));
}

TEST(votes_without_weight, are_given_back_after_the_lock_is_held) {
    auto round = round_of_three();
    round.on_vote(0, granted, epoch);
    round.on_vote(2, granted, epoch);
    const auto effects = round.on_vote(1, without_weight, epoch);
    EXPECT_EQ(effects.release, node_set::only(1));
    EXPECT_FALSE(effects.finished);
    EXPECT_EQ(round.outcome(), acquire_outcome::held);
}

TEST(votes_without_weight, of_too_many_end_the_round_as_unavailable) {
    auto round = round_of_three();
    round.on_vote(0, without_weight, epoch);
    const auto effects = round.on_vote(1, {.answer = acquire_answer::quarantined}, epoch);
    EXPECT_TRUE(effects.finished);
    EXPECT_EQ(round.outcome(), acquire_outcome::unavailable);
    // Node 0 has been told before; node 2 may have granted.
    EXPECT_TRUE(effects.release.empty());
    EXPECT_EQ(effects.release_doubtful, node_set::only(2));
}

TEST(votes_without_weight, do_not_tell_who_else_holds_the_lock) {
    auto round = round_of_three();
    round.on_vote(0, {.answer = acquire_answer::busy, .counts = false, .holder = 7}, epoch);
    EXPECT_TRUE(round.busy().empty());
}

TEST(votes_without_weight, are_not_released_twice_when_the_round_was_lost_before) {
    auto round = round_of_three();
    round.on_vote(0, {.answer = acquire_answer::not_executed}, epoch);
    round.on_vote(1, {.answer = acquire_answer::not_executed}, epoch);
    ASSERT_EQ(round.outcome(), acquire_outcome::unavailable);
    EXPECT_TRUE(round.on_vote(2, without_weight, epoch).release.empty());
}

TEST(votes_without_weight, that_were_never_answered_are_doubtful_like_any_other) {
    auto round = round_of_three();
    round.on_vote(0, {.answer = acquire_answer::unknown, .counts = false}, epoch);
    EXPECT_TRUE(round.doubtful().contains(0));
    EXPECT_TRUE(round.quarantined().empty());
}

}  // namespace
}  // namespace redlock::core::quarantine_cases
