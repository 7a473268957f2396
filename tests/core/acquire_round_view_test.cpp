// What a waiter reads off a round that was lost: where somebody else holds the lock, and how many
// stand in line before it. What the round itself decides is told in acquire_round_test.cpp.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "core/acquire_round.hpp"
#include "core/small_scope.hpp"

namespace redlock::core::acquire_round_view_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;
using small_scope::nodes;

constexpr std::chrono::milliseconds lease{10'000};

acquire_vote busy(std::size_t ahead = 0, std::uint64_t holder = 1) {
    return {
        .answer = acquire_answer::busy, .holder_remaining = 1s, .holder = holder, .ahead = ahead};
}

TEST(acquire_round_view, nobody_is_known_to_hold_anything_at_first) {
    const acquire_round round{3, lease, epoch};
    EXPECT_TRUE(round.busy().empty());
    EXPECT_EQ(round.ahead(), 0U);
}

TEST(acquire_round_view, only_a_node_that_says_so_is_busy) {
    acquire_round round{7, lease, epoch};
    round.on_vote(0, {.answer = acquire_answer::granted}, epoch);
    round.on_vote(1, busy(), epoch);
    round.on_vote(2, {.answer = acquire_answer::stale, .fence = 9}, epoch);
    round.on_vote(3, {.answer = acquire_answer::out_of_window, .offset_us = 1}, epoch);
    round.on_vote(4, {.answer = acquire_answer::not_executed}, epoch);
    round.on_vote(5, {.answer = acquire_answer::unknown}, epoch);
    EXPECT_FALSE(round.is_kept_for_others());
    EXPECT_EQ(round.busy(), nodes({1}));
}

TEST(acquire_round_view, a_node_kept_for_an_earlier_place_is_busy_too) {
    acquire_round round{1, lease, epoch};
    round.on_vote(0, busy(2, acquire_vote::nobody_yet), epoch);
    EXPECT_EQ(to_string(round.outcome()), "contended");
    EXPECT_TRUE(round.is_kept_for_others());
    EXPECT_EQ(round.busy(), nodes({0}));
    EXPECT_EQ(round.ahead(), 2U);
    EXPECT_EQ(round.quorum_free_at(), at(1s));
}

TEST(acquire_round_view, votes_after_the_decision_still_tell_who_is_busy) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, busy(3), epoch);
    round.on_vote(1, busy(5), epoch);
    ASSERT_EQ(to_string(round.outcome()), "contended");
    round.on_vote(2, busy(4), at(1ms));
    EXPECT_EQ(round.busy(), nodes({0, 1, 2}));
    EXPECT_EQ(round.ahead(), 4U);
}

TEST(acquire_round_view, a_late_reply_of_a_node_in_doubt_tells_as_well) {
    acquire_round round{3, lease, epoch};
    round.on_vote(0, {.answer = acquire_answer::unknown}, epoch);
    EXPECT_TRUE(round.busy().empty());
    round.on_vote(0, busy(), epoch);
    EXPECT_EQ(round.busy(), nodes({0}));
    // But a third one is of no command of ours.
    round.on_vote(0, busy(77), epoch);
    EXPECT_EQ(round.ahead(), 0U);
}

TEST(acquire_round_view, takes_the_middle_of_what_the_nodes_say_and_of_two_the_smaller) {
    const auto ahead = [](const std::vector<std::size_t>& said) {
        acquire_round round{said.size(), lease, epoch};
        for (node_index node = 0; node < said.size(); ++node) {
            round.on_vote(node, busy(said[node]), epoch);
        }
        return round.ahead();
    };
    EXPECT_EQ(ahead({4}), 4U);
    EXPECT_EQ(ahead({9, 2}), 2U);
    EXPECT_EQ(ahead({9, 2, 5}), 5U);
    // A node that has lost its line, or one full of strangers, does not count for more than one.
    EXPECT_EQ(ahead({0, 3, 1'000'000}), 3U);
    EXPECT_EQ(ahead({1'000'000, 3, 0, 3, 4}), 3U);
}

RC_GTEST_PROP(acquire_round_view, half_of_the_busy_nodes_say_so_many_or_fewer, ()) {
    const auto said = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 20)));
    const std::size_t count = std::min<std::size_t>(said.size(), node_set::max_nodes);
    acquire_round round{count, lease, epoch};
    for (node_index node = 0; node < count; ++node) {
        round.on_vote(node, busy(said[node]), epoch);
    }
    const auto counted = [&](auto&& which) {
        return static_cast<std::size_t>(
            std::count_if(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(count), which));
    };
    RC_ASSERT(2 * counted([&](std::size_t one) { return one <= round.ahead(); }) >= count);
    RC_ASSERT(2 * counted([&](std::size_t one) { return one < round.ahead(); }) < count);
}

}  // namespace
}  // namespace redlock::core::acquire_round_view_cases
