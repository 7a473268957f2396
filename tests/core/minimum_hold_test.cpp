// How long a lock stays though its holder is done with it.
#include "core/minimum_hold.hpp"

#include <gtest/gtest.h>

namespace redlock::core::minimum_hold_cases {
namespace {

using namespace std::chrono_literals;

constexpr instant began{1h};

TEST(minimum_hold, is_over_at_once_if_there_is_none) {
    EXPECT_TRUE(minimum_hold{}.is_over(began));
    EXPECT_TRUE(minimum_hold(began, 0ms).is_over(began));
    EXPECT_EQ(minimum_hold{}.left(began), 0ms);
    EXPECT_EQ(minimum_hold{}.covered_by(3s, began), 3s);
}

TEST(minimum_hold, counts_from_the_acquisition) {
    const minimum_hold least{began, 30s};
    EXPECT_EQ(least.left(began), 30s);
    EXPECT_EQ(least.left(began + 10s), 20s);
    EXPECT_FALSE(least.is_over(began + 30s - 1ns));
    EXPECT_TRUE(least.is_over(began + 30s));
    EXPECT_EQ(least.left(began + 30s), 0ms);
    EXPECT_EQ(least.left(began + 31s), 0ms);
}

TEST(minimum_hold, is_never_rounded_down) {
    const minimum_hold least{began, 30s};
    EXPECT_EQ(least.left(began + 1ns), 30s);
    EXPECT_EQ(least.left(began + 30s - 1ns), 1ms);
}

TEST(minimum_hold, makes_leases_long_enough_to_cover_it) {
    const minimum_hold least{began, 30s};
    EXPECT_EQ(least.covered_by(10s, began), 30s);
    EXPECT_EQ(least.covered_by(10s, began + 25s), 10s);
    EXPECT_EQ(least.covered_by(60s, began), 60s);
}

TEST(minimum_hold, bears_the_longest_times) {
    const minimum_hold least{never - 1s, 24h};
    EXPECT_FALSE(least.is_over(never - 1ns));
}

}  // namespace
}  // namespace redlock::core::minimum_hold_cases
