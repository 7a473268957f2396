// ACQUIRE SLOT on a real server: a slot is a lock; the number of permits is compared; and who is
// refused hears which other slots are free.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/slots_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using acquire_slot_script = slots_fixture;

TEST_F(acquire_slot_script, grants_a_free_slot_and_keeps_the_number_of_permits) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire_slot({.slot = 1, .token = "t", .ballot = ballot, .last = ballot + 5}),
              "granted");
    EXPECT_EQ(node.server.get(lock_of(1)), "t");
    EXPECT_EQ(node.server.get(fence_of(1)), std::to_string(ballot + 5));
    EXPECT_EQ(node.server.get(permits), "3");
    EXPECT_THAT(node.server.pttl(lock_of(1)), fresh(hour_ms));
    EXPECT_THAT(node.server.pttl(fence_of(1)), fresh(2 * hour_ms));
    EXPECT_THAT(node.server.pttl(permits), fresh(2 * hour_ms));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "3");
}

TEST_F(acquire_slot_script, prolongs_the_number_of_permits_with_each_grant) {
    node.server.command({"SET", permits, "3", "PX", "60000"});
    ASSERT_EQ(node.acquire_slot({}), "granted");
    EXPECT_THAT(node.server.pttl(permits), fresh(2 * hour_ms));
}

TEST_F(acquire_slot_script, refuses_another_number_of_permits_and_tells_it) {
    ASSERT_EQ(node.acquire_slot({.permits = 2}), "granted");
    EXPECT_EQ(node.acquire_slot({.slot = 2, .permits = 3}), "-5\n2");
    EXPECT_EQ(node.acquire_slot({.slot = 0, .permits = 1}), "-5\n2");
    EXPECT_EQ(node.server.command({"EXISTS", lock_of(2)}), "0");
    EXPECT_EQ(node.server.get(permits), "2");
    // What is no number is none of theirs.
    write(permits, "two");
    EXPECT_EQ(node.acquire_slot({.slot = 1, .permits = 2}), "-5\n0");
    write(permits, "2.0");
    EXPECT_EQ(node.acquire_slot({.slot = 1, .permits = 2}), "-5\n2");
}

TEST_F(acquire_slot_script, fails_where_the_number_of_permits_is_no_text) {
    node.server.command({"HSET", permits, "a", "b"});
    EXPECT_THAT(node.acquire_slot({}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(node.server.command({"EXISTS", lock_of(0)}), "0");
}

TEST_F(acquire_slot_script, tells_who_has_the_slot_and_which_others_are_free) {
    hold(1);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1}), hour_ms), "0\nfirst\n0\n2\n0");
    hold(2);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1}), hour_ms), "0\nfirst\n0\n0");
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 2}), hour_ms), "0\nfirst\n0\n0");
    hold(0);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1}), hour_ms), "0\nfirst\n0");
    EXPECT_EQ(node.server.command({"EXISTS", permits}), "0") << "nothing is written";
}

TEST_F(acquire_slot_script, tells_the_shortest_lease_of_all_that_are_taken) {
    hold(0, hour_ms);
    hold(1, minute_ms);
    hold(2, 2 * hour_ms);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 2}), minute_ms), "0\nfirst\n0");
    // One without an end is the longest.
    node.server.command({"PERSIST", lock_of(1)});
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1}), hour_ms), "0\nfirst\n0");
    node.server.command({"PERSIST", lock_of(0)});
    node.server.command({"PERSIST", lock_of(2)});
    EXPECT_EQ(node.acquire_slot({.slot = 1}), "0\n-1\nfirst\n0");
}

TEST_F(acquire_slot_script, tells_of_sixteen_free_slots_at_most) {
    hold(63);
    std::string expected = "0\nfirst\n0";
    for (std::size_t slot = 0; slot < 16; ++slot) {
        expected += "\n" + std::to_string(slot);
    }
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 63, .permits = 64}), hour_ms), expected);
}

TEST_F(acquire_slot_script, looks_as_far_as_the_slots_that_it_is_given) {
    for (std::size_t slot = 0; slot < 64; ++slot) {
        hold(slot);
    }
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 0, .permits = 100}), hour_ms),
              "0\nfirst\n0");
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1, .permits = 100}), hour_ms),
              "0\nfirst\n0\n64");
}

TEST_F(acquire_slot_script, refuses_what_a_lock_refuses) {
    const std::int64_t now = node.time_us();
    write(fence_of(0), std::to_string(now));
    EXPECT_THAT(node.acquire_slot({.ballot = now}), StartsWith("-1\n" + std::to_string(now)));
    EXPECT_EQ(node.acquire_slot({.slot = 1, .ballot = now}), "granted")
        << "each slot has a fence of its own";
    EXPECT_THAT(node.acquire_slot({.ballot = now + 3 * hour_us}), StartsWith("-2\n"));
    write(fence_of(2), "5 ");
    EXPECT_EQ(node.acquire_slot({.slot = 2, .yields = true}), "-3\n0\n1");
    EXPECT_EQ(node.acquire_slot({.slot = 2, .token = "t", .ballot = now + 1}), "granted");
    EXPECT_EQ(node.server.get(fence_of(2)), std::to_string(now + 1) + " ");
}

TEST_F(acquire_slot_script, writes_the_holder_record_behind_the_slots_that_it_looks_at) {
    ASSERT_EQ(node.acquire_slot({.slot = 1, .holder_record = "details"}), "granted");
    EXPECT_EQ(node.server.get("redlock:holder::" + lock_of(1)), "details");
    hold(2);
    hold(0);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1, .holder_record = "others"}), hour_ms),
              "0\nme\n0")
        << "the holder key is no slot";
}

TEST_F(acquire_slot_script, leaves_the_fence_alone_without_fencing) {
    ASSERT_EQ(node.acquire_slot({.fenced = false}), "granted");
    EXPECT_EQ(node.server.command({"EXISTS", fence_of(0)}), "0");
    EXPECT_EQ(node.server.get(permits), "3");
}

}  // namespace
}  // namespace redlock::scripts
