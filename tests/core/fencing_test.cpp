// Ballots: above every fence, near the nodes' clocks, below what Lua counts exactly, with room for
// the bar; and the memory of fences, which may forget only what the clock makes up for.
#include "core/fencing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace redlock::core::fencing_cases {
namespace {

/// November 2026 in microseconds.
constexpr std::int64_t today = 1'795'000'000'000'000;
constexpr std::uint64_t today_u = static_cast<std::uint64_t>(today);

TEST(next_block, is_the_clock_where_no_fence_is_known) {
    EXPECT_EQ(next_block(0, today, 0), (ballot_block{today_u, today_u}));
}

TEST(next_block, follows_the_nodes_clocks_rather_than_ours) {
    EXPECT_EQ(next_block(0, today, 5'000'000)->first, today_u + 5'000'000);
    EXPECT_EQ(next_block(0, today, -5'000'000)->first, today_u - 5'000'000);
}

TEST(next_block, is_above_an_equal_fence) {
    EXPECT_EQ(next_block(today_u, today, 0)->first, today_u + 1);
    EXPECT_EQ(next_block(today_u - 1, today, 0)->first, today_u);
}

TEST(next_block, is_above_a_fence_ahead_of_the_clock) {
    EXPECT_EQ(next_block(today_u + 77, today, 0)->first, today_u + 78);
}

TEST(next_block, reserves_as_many_ballots_as_asked_for) {
    const auto block = next_block(0, today, 0, 1024);
    EXPECT_EQ(block->last - block->first + 1, 1024U);
}

TEST(next_block, is_one_wide_too_far_ahead_of_the_clock) {
    EXPECT_EQ(next_block(today_u + 99, today, 0, 1024, 100),
              (ballot_block{today_u + 100, today_u + 1123}));
    EXPECT_EQ(next_block(today_u + 100, today, 0, 1024, 100),
              (ballot_block{today_u + 101, today_u + 101}));
}

TEST(next_block, of_blocks_that_are_given_back_unused_stays_near_the_clock) {
    // Each turn takes 200 us and uses one of its thousand ballots.
    constexpr std::int64_t lead = 1'000'000;
    std::uint64_t fence = 0;
    for (std::int64_t now = today; now < today + 20'000'000; now += 200) {
        fence = next_block(fence, now, 0, 1000, lead)->last;
        ASSERT_LE(fence, static_cast<std::uint64_t>(now + lead) + 1000);
    }
}

TEST(next_block, is_never_zero_however_early_the_clock) {
    EXPECT_EQ(next_block(0, 0, 0)->first, 1U);
    EXPECT_EQ(next_block(0, 100, -101)->first, 1U);
    EXPECT_EQ(next_block(0, -today, 0)->first, 1U);
}

TEST(next_block, ends_where_lua_stops_counting) {
    const auto last = next_block(ballot_limit - 3, 0, 0);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->bar(), ballot_limit - 1);
    EXPECT_FALSE(next_block(ballot_limit - 2, 0, 0));
    EXPECT_FALSE(next_block(ballot_limit - 1, 0, 0));
    EXPECT_FALSE(next_block(0, static_cast<std::int64_t>(ballot_limit), 0));
    EXPECT_TRUE(next_block(ballot_limit - 10, 0, 0, 8));
    EXPECT_FALSE(next_block(ballot_limit - 10, 0, 0, 9));
}

TEST(next_block, does_not_wrap_round_on_nonsense) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    EXPECT_FALSE(next_block(std::numeric_limits<std::uint64_t>::max(), today, 0));
    EXPECT_FALSE(next_block(0, today, most));
    EXPECT_EQ(next_block(0, -today, least)->first, 1U);
    EXPECT_EQ(next_block(0, today, least)->first, 1U);
    EXPECT_EQ(next_block(today_u, -today, least)->first, today_u + 1);
}

TEST(ballot_block, is_barred_by_one_above_its_last) {
    EXPECT_EQ((ballot_block{10, 12}.bar()), 13U);
}

RC_GTEST_PROP(next_block, is_above_the_fence_and_below_the_limit_with_its_bar, ()) {
    const auto fence = *rc::gen::inRange<std::uint64_t>(0, 2 * ballot_limit);
    const auto wall = *rc::gen::inRange<std::int64_t>(-today, 6 * today);
    const auto offset = *rc::gen::inRange<std::int64_t>(-today, today);
    const auto width = *rc::gen::inRange<std::uint64_t>(1, 5000);
    const auto block = next_block(fence, wall, offset, width);
    if (!block) {
        RC_ASSERT((fence + width + 2 > ballot_limit ||
                   wall + offset + static_cast<std::int64_t>(width) + 2 >
                       static_cast<std::int64_t>(ballot_limit)));
        return;
    }
    RC_ASSERT(block->first > fence);
    RC_ASSERT((wall + offset <= 0 || block->first >= static_cast<std::uint64_t>(wall + offset)));
    RC_ASSERT(block->last - block->first == width - 1);
    RC_ASSERT(block->bar() < ballot_limit);
}

RC_GTEST_PROP(next_block, grows_along_a_chain_whatever_the_clocks_do, ()) {
    const auto clocks = *rc::gen::container<std::vector<std::int64_t>>(
        20, rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000));
    std::uint64_t fence = 0;
    for (const std::int64_t clock : clocks) {
        const auto block = next_block(fence, today + clock, clock / 3, 16);
        RC_ASSERT((block && block->first > fence));
        fence = block->last;
    }
}

// ---- the offset to believe ----

std::int64_t believed(std::vector<std::int64_t> offsets) {
    return believed_offset(offsets);
}

TEST(offset_of, is_the_least_that_explains_what_a_clock_showed) {
    constexpr wall_span second{10'000'000, 11'000'000, 0};
    EXPECT_EQ(offset_of(10'000'000, second), 0);
    EXPECT_EQ(offset_of(10'500'000, second), 0);
    EXPECT_EQ(offset_of(11'000'000, second), 0);
    EXPECT_EQ(offset_of(11'000'003, second), 3);
    EXPECT_EQ(offset_of(9'999'998, second), -2);
}

TEST(offset_of, keeps_what_was_believed_as_far_as_it_explains_what_a_clock_showed) {
    const auto seen_at = [](std::int64_t node_us) {
        return offset_of(node_us, {10'000'000, 11'000'000, -500'000});
    };
    EXPECT_EQ(seen_at(9'400'000), -600'000);
    EXPECT_EQ(seen_at(9'500'000), -500'000);
    EXPECT_EQ(seen_at(10'500'000), -500'000);
    EXPECT_EQ(seen_at(10'600'000), -400'000);
}

TEST(offset_of, takes_a_span_during_which_our_clock_was_set_back) {
    EXPECT_EQ(offset_of(10, {20, 5, 0}), 0);
    EXPECT_EQ(offset_of(21, {20, 5, 0}), 1);
    EXPECT_EQ(offset_of(4, {20, 5, 0}), -1);
}

TEST(believed_offset, is_zero_for_none_and_the_only_one_for_one) {
    EXPECT_EQ(believed({}), 0);
    EXPECT_EQ(believed({-42}), -42);
}

TEST(believed_offset, is_the_middle_one) {
    EXPECT_EQ(believed({9, 1, 5}), 5);
    EXPECT_EQ(believed({1'000'000'000, 3, 2, -1'000'000'000, 4}), 3);
}

TEST(believed_offset, of_an_even_number_is_one_that_was_reported) {
    EXPECT_EQ(believed({4, 2}), 2);
    EXPECT_EQ(believed({8, 2, 4, 6}), 4);
}

RC_GTEST_PROP(believed_offset, is_not_pulled_away_by_a_wild_minority, ()) {
    const auto sane = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(-5'000, 5'000)));
    const auto wild_count = *rc::gen::inRange<std::size_t>(0, sane.size());
    auto reported = *rc::gen::container<std::vector<std::int64_t>>(
        wild_count, rc::gen::arbitrary<std::int64_t>());
    reported.insert(reported.end(), sane.begin(), sane.end());
    const std::int64_t offset = believed_offset(reported);
    RC_ASSERT(offset >= *std::min_element(sane.begin(), sane.end()));
    RC_ASSERT(offset <= *std::max_element(sane.begin(), sane.end()));
}

// ---- the memory of fences ----

constexpr std::int64_t any = today;

TEST(fence_memory, believes_no_fence_more_than_two_windows_ahead) {
    constexpr std::int64_t window = 500;
    fence_memory memory{10, window};
    memory.note("stock", today_u + 1000, today);
    memory.note("crew", today_u + 1001, today);
    EXPECT_EQ(memory.largest("stock", today), today_u + 1000);
    EXPECT_EQ(memory.largest("crew", today + 1), 0U);
    EXPECT_EQ(memory.size(), 1U);
    // The clock has turned out to be behind what it was when the fence was noted.
    EXPECT_EQ(memory.largest("stock", today - 1), 0U);
    EXPECT_EQ(memory.largest("stock", -1), 0U);
}

TEST(fence_memory, knows_nothing_at_first) {
    const fence_memory memory;
    EXPECT_EQ(memory.largest("stock", any), 0U);
    EXPECT_EQ(memory.size(), 0U);
}

TEST(fence_memory, keeps_the_largest_of_each_resource) {
    fence_memory memory;
    memory.note("stock", today_u + 5, today);
    memory.note("stock", today_u + 9, today);
    memory.note("stock", today_u + 7, today);
    memory.note("crew", today_u + 1, today);
    EXPECT_EQ(memory.largest("stock", any), today_u + 9);
    EXPECT_EQ(memory.largest("crew", any), today_u + 1);
}

TEST(fence_memory, keeps_a_fence_equal_to_the_clock_and_none_below_it) {
    fence_memory memory;
    memory.note("below", today_u - 1, today);
    EXPECT_EQ(memory.size(), 0U);
    memory.note("equal", today_u, today);
    EXPECT_EQ(memory.largest("equal", any), today_u);
}

TEST(fence_memory, keeps_everything_while_the_clock_makes_no_sense) {
    fence_memory memory;
    memory.note("stock", 5, 0);
    memory.note("crew", 6, -today);
    EXPECT_EQ(memory.largest("stock", any), 5U);
    EXPECT_EQ(memory.largest("crew", any), 6U);
}

TEST(fence_memory, when_full_makes_room_of_what_the_clock_has_passed) {
    fence_memory memory{2};
    memory.note("a", today_u + 10, today);
    memory.note("b", today_u + 1000, today);
    memory.note("c", today_u + 1000, today + 11);
    EXPECT_EQ(memory.largest("a", any), 0U);
    EXPECT_EQ(memory.largest("b", any), today_u + 1000);
    EXPECT_EQ(memory.largest("c", any), today_u + 1000);
}

TEST(fence_memory, when_full_drops_the_newcomer_and_not_what_still_counts) {
    fence_memory memory{1};
    memory.note("a", today_u + 1000, today);
    memory.note("b", today_u + 2000, today);
    EXPECT_EQ(memory.size(), 1U);
    EXPECT_EQ(memory.largest("a", any), today_u + 1000);
    memory.note("a", today_u + 3000, today);
    EXPECT_EQ(memory.largest("a", any), today_u + 3000);
}

TEST(fence_memory, when_full_keeps_what_equals_the_clock) {
    fence_memory memory{1};
    memory.note("a", today_u + 10, today);
    memory.note("b", today_u + 2000, today + 10);
    EXPECT_EQ(memory.largest("a", any), today_u + 10);
}

TEST(fence_memory, forgets_what_it_is_told_to) {
    fence_memory memory;
    memory.note("a", today_u + 10, today);
    memory.note("b", today_u + 10, today);
    memory.forget("a");
    EXPECT_EQ(memory.largest("a", today), 0U);
    EXPECT_EQ(memory.largest("b", today), today_u + 10);
}

TEST(fence, is_out_of_reach_where_one_above_it_is_out_of_the_window) {
    EXPECT_FALSE(out_of_reach(today_u + 99, today, 100));
    EXPECT_TRUE(out_of_reach(today_u + 100, today, 100));
    EXPECT_FALSE(out_of_reach(0, today, 100));
    EXPECT_FALSE(out_of_reach(5, std::numeric_limits<std::int64_t>::max(), 100));
}

/// A resource of six, how far its fence is from the clock, how far the clock moves on.
struct note {
    int resource;
    std::int64_t ahead;
    std::int64_t passes;
};

/// For RapidCheck's counterexamples.
void showValue(const note& one, std::ostream& out) {  // NOLINT(readability-identifier-naming)
    out << one.resource << ':' << one.ahead << '+' << one.passes;
}

std::vector<note> any_notes() {
    return *rc::gen::container<std::vector<note>>(
        rc::gen::build<note>(rc::gen::set(&note::resource, rc::gen::inRange(0, 6)),
                             rc::gen::set(&note::ahead, rc::gen::inRange<std::int64_t>(-50, 50)),
                             rc::gen::set(&note::passes, rc::gen::inRange<std::int64_t>(0, 20))));
}

RC_GTEST_PROP(fence_memory, proposes_as_if_it_had_never_forgotten, ()) {
    fence_memory memory{6};
    std::map<std::string, std::uint64_t> everything;
    std::int64_t now = today;
    for (const note& one : any_notes()) {
        now += one.passes;
        const std::string resource = std::to_string(one.resource);
        const auto fence = static_cast<std::uint64_t>(now + one.ahead);
        memory.note(resource, fence, now);
        everything[resource] = std::max(everything[resource], fence);
        for (const auto& [name, largest] : everything) {
            RC_ASSERT(next_block(memory.largest(name, any), now, 0) == next_block(largest, now, 0));
        }
    }
}

RC_GTEST_PROP(fence_memory, stays_bounded_and_never_makes_a_fence_up, ()) {
    fence_memory memory{3};
    std::map<std::string, std::uint64_t> everything;
    std::int64_t now = today;
    for (const note& one : any_notes()) {
        now += one.passes;
        const std::string resource = std::to_string(one.resource);
        const auto fence = static_cast<std::uint64_t>(now + one.ahead);
        memory.note(resource, fence, now);
        everything[resource] = std::max(everything[resource], fence);
        RC_ASSERT(memory.size() <= 3U);
        for (const auto& [name, largest] : everything) {
            RC_ASSERT(memory.largest(name, any) <= largest);
        }
    }
}

}  // namespace
}  // namespace redlock::core::fencing_cases
