// Until when a lock is good after nodes' clocks were set: by what majority is left of those that
// hold it, compared with a reckoning by hand for every way to set three and five clocks.
#include "core/backing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/small_scope.hpp"

namespace redlock::core::backing_cases {
namespace {

using namespace std::chrono_literals;
using small_scope::at;
using small_scope::epoch;

constexpr instant end = at(8s);
constexpr duration step = 1s;

/// Clocks that are known to have been set by so many seconds, give or take 2 us.
std::vector<node_clock> set_by(const std::vector<int>& seconds) {
    constexpr std::int64_t time_us = 1'700'000'000'000'000;
    std::vector<node_clock> clocks(seconds.size());
    for (std::size_t node = 0; node < seconds.size(); ++node) {
        clocks[node].on_answer(time_us, epoch, epoch);
        clocks[node].on_answer(time_us + seconds[node] * 1'000'000, epoch, epoch);
    }
    return clocks;
}

backing held_by(const std::vector<node_index>& nodes) {
    backing lease{end, step};
    for (const node_index node : nodes) {
        lease.add(node, 0s);
    }
    return lease;
}

void expect_about(instant is, instant wanted) {
    EXPECT_LE(is, wanted);
    EXPECT_GE(is, wanted - 10us);
}

TEST(backing, keeps_its_time_while_no_clock_is_set) {
    EXPECT_EQ(held_by({0, 1}).valid_until(set_by({0, 0, 0})), end);
    EXPECT_EQ(held_by({0, 1}).valid_until(), end);
}

TEST(backing, allows_for_the_step) {
    EXPECT_EQ(held_by({0, 1}).valid_until(set_by({-5, -5, -5})), end);
    std::vector<node_clock> clocks(3);
    for (node_clock& each : clocks) {
        each.on_answer(1'700'000'000'000'000, epoch, epoch);
        each.on_answer(1'700'000'000'999'990, epoch, epoch);
    }
    EXPECT_EQ(held_by({0, 1, 2}).valid_until(clocks), end);
}

TEST(backing, ends_earlier_by_what_a_majority_was_set_beyond_the_step) {
    expect_about(held_by({0, 1, 2}).valid_until(set_by({3, 4, 0})), end - 2s);
    expect_about(held_by({0, 1, 2}).valid_until(set_by({5, 3, 4})), end - 3s);
}

TEST(backing, of_a_majority_that_was_not_set_keeps_its_time) {
    EXPECT_EQ(held_by({0, 1, 2}).valid_until(set_by({9, 0, 0})), end);
    EXPECT_EQ(held_by({0, 1, 2, 3, 4}).valid_until(set_by({9, 9, 0, 0, 0})), end);
}

TEST(backing, of_a_bare_majority_is_as_good_as_its_worst_node) {
    expect_about(held_by({0, 1}).valid_until(set_by({9, 0, 0})), end - 8s);
    expect_about(held_by({0, 1}).valid_until(set_by({0, 3, 0})), end - 2s);
    EXPECT_EQ(held_by({0, 1}).valid_until(set_by({0, 0, 9})), end);
}

TEST(backing, leaves_out_what_a_node_was_set_by_before_it_gave_the_lease) {
    const auto clocks = set_by({9, 9, 9});
    backing lease{end, step};
    for (const node_index node : {2U, 0U, 1U}) {
        lease.add(node, clocks[node].stepped());
    }
    EXPECT_EQ(lease.valid_until(clocks), end);
}

TEST(backing, agrees_with_a_reckoning_by_hand) {
    for (const std::size_t count : {1U, 2U, 3U, 4U, 5U}) {
        const std::size_t quorum = count / 2 + 1;
        small_scope::for_each_row(count, 4, [&](const small_scope::row& row) {
            // Zero: does not hold it. Else its clock was set by so many seconds, less one.
            std::vector<int> seconds;
            backing lease{end, step};
            std::vector<instant> ends;
            for (node_index node = 0; node < count; ++node) {
                seconds.push_back(row[node] == 0 ? 0 : static_cast<int>(row[node]) * 2 - 2);
                if (row[node] != 0) {
                    lease.add(node, 0s);
                    ends.push_back(end - std::max<duration>(seconds.back() * 1s - step, 0s));
                }
            }
            if (ends.size() < quorum) {
                return true;
            }
            std::sort(ends.begin(), ends.end(), std::greater<>{});
            expect_about(lease.valid_until(set_by(seconds)), ends[quorum - 1]);
            return !testing::Test::HasFailure();
        });
    }
}

}  // namespace
}  // namespace redlock::core::backing_cases
