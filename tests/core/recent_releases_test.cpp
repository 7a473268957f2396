// What a client remembers of its releases: each for a moment, and no more of them than there are
// slots.
#include "core/recent_releases.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace redlock::core {
namespace {

using namespace std::chrono_literals;

constexpr instant then{5min};

TEST(recent_releases, knows_none_at_first) {
    const recent_releases memory;
    EXPECT_FALSE(memory.has("job", then));
    EXPECT_FALSE(memory.has("job", instant{}));
}

TEST(recent_releases, knows_a_release_for_a_moment) {
    recent_releases memory;
    memory.note("job", then);
    EXPECT_TRUE(memory.has("job", then));
    EXPECT_TRUE(memory.has("job", then + recent_releases::lasts));
    EXPECT_FALSE(memory.has("job", then + recent_releases::lasts + 1ns));
    EXPECT_FALSE(memory.has("task", then));
}

TEST(recent_releases, counts_from_the_latest) {
    recent_releases memory;
    memory.note("job", then);
    memory.note("job", then + 1s);
    EXPECT_TRUE(memory.has("job", then + 1s + recent_releases::lasts));
}

TEST(recent_releases, knows_none_of_a_name_beside_others) {
    recent_releases memory;
    memory.note("job", then);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_FALSE(memory.has("task" + std::to_string(i), then)) << i;
    }
}

TEST(recent_releases, keeps_the_latest_of_those_that_share_a_slot) {
    recent_releases memory;
    const auto name = [](std::size_t i) { return "task" + std::to_string(i); };
    constexpr std::size_t many = 4 * recent_releases::capacity;
    for (std::size_t i = 0; i < many; ++i) {
        memory.note(name(i), then);
        ASSERT_TRUE(memory.has(name(i), then));
    }
    std::size_t known = 0;
    for (std::size_t i = 0; i < many; ++i) {
        known += memory.has(name(i), then) ? 1U : 0U;
    }
    EXPECT_LE(known, recent_releases::capacity);
    EXPECT_GT(known, recent_releases::capacity / 2) << "spread over all slots";
}

}  // namespace
}  // namespace redlock::core
