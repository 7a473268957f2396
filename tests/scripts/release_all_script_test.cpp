// RELEASE ALL on a real server: nothing of the lock is left under any name, and nobody else's lock
// is touched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripts/several_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::HasSubstr;

class release_all_script : public several_fixture {};

TEST_F(release_all_script, deletes_it_under_each_name) {
    ASSERT_EQ(acquire({.record = "record"}), "TIME");
    EXPECT_EQ(release({.has_record = true}), "1");
    EXPECT_EQ(holders(), "- - -");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "3") << "the fences";
}

TEST_F(release_all_script, leaves_what_is_not_its_own_and_deletes_the_rest) {
    for (const std::string& each : names) {
        ASSERT_EQ(acquire({}), "TIME");
        put(each, "other");
        EXPECT_EQ(release({}), "0") << "it was not there under all names";
        EXPECT_EQ(holders(), each == "a" ? "other - -" : each == "b" ? "- other -" : "- - other");
        node.server.command({"DEL", each});
    }
}

TEST_F(release_all_script, finds_nothing_where_nothing_is) {
    EXPECT_EQ(release({}), "0");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(release_all_script, raises_each_fence_to_a_bar_and_keeps_its_mark) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire({.ballot = ballot}), "TIME");
    set_fence("a", ballot, " ");
    set_fence("b", ballot + 9);
    node.server.command({"DEL", fence_key("c")});
    EXPECT_EQ(release({.bar = ballot + 1}), "2");
    EXPECT_EQ(fence("a"), std::to_string(ballot + 1) + " ");
    EXPECT_EQ(fence("b"), std::to_string(ballot + 9)) << "it is not lowered";
    EXPECT_EQ(fence("c"), std::to_string(ballot + 1));
    for (const std::string& each : names) {
        EXPECT_THAT(node.server.pttl(fence_key(each)), fresh(2 * hour_ms)) << each;
    }
}

TEST_F(release_all_script, bars_also_where_the_lock_has_not_come_yet) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(release({.bar = ballot + 1}), "0");
    EXPECT_THAT(acquire({.ballot = ballot}), testing::StartsWith("-1\n"));
    EXPECT_EQ(extend({.last = ballot, .heals = true}), "-1\nTIME");
}

TEST_F(release_all_script, leaves_out_a_bar_that_is_too_far_ahead) {
    EXPECT_EQ(release({.bar = node.time_us() + 3 * hour_us}), "0");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(release_all_script, gives_no_long_life_to_a_fence_that_is_too_far_ahead) {
    const std::int64_t ballot = node.time_us();
    node.server.command(
        {"SET", fence_key("b"), std::to_string(ballot + 3 * hour_us), "PX", "5000"});
    EXPECT_EQ(release({.bar = ballot + 1, .window_us = minute_us}), "0");
    EXPECT_THAT(node.server.pttl(fence_key("b")), fresh(2 * minute_ms));
}

TEST_F(release_all_script, tells_of_those_who_wait_for_any_of_the_names) {
    for (const std::string& each : names) {
        const std::int64_t ballot = node.time_us();
        ASSERT_EQ(acquire({.ballot = ballot}), "TIME");
        set_fence(each, ballot, " ");
        EXPECT_EQ(release({}), "2") << each;
        EXPECT_EQ(fence(each), std::to_string(ballot) + " ");
        set_fence(each, ballot);
    }
}

TEST_F(release_all_script, keeps_it_for_a_minimum) {
    ASSERT_EQ(acquire({.record = "record"}), "TIME");
    EXPECT_EQ(release({.keep_ms = minute_ms, .has_record = true}), "1");
    EXPECT_EQ(holders(), "me me me");
    for (const std::string& each : names) {
        EXPECT_THAT(node.server.pttl(each), fresh(minute_ms)) << each;
        EXPECT_THAT(node.server.pttl(holder_key(each)), fresh(minute_ms)) << each;
    }
    EXPECT_EQ(release({.keep_ms = hour_ms, .has_record = true}), "1");
    EXPECT_THAT(node.server.pttl("a"), fresh(minute_ms)) << "it is never prolonged";
}

TEST_F(release_all_script, deletes_the_lock_even_where_a_key_is_of_another_type) {
    ASSERT_EQ(acquire({}), "TIME");
    node.server.command({"DEL", "a", fence_key("b")});
    node.server.command({"RPUSH", "a", "x"});
    node.server.command({"RPUSH", fence_key("b"), "x"});
    EXPECT_THAT(release({.bar = node.time_us()}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(node.server.get("b"), std::nullopt);
    EXPECT_EQ(node.server.get("c"), std::nullopt);
    EXPECT_EQ(node.server.command({"TYPE", "a"}), "list");
}

TEST_F(release_all_script, gives_back_where_memory_is_full) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire({.ballot = ballot}), "TIME");
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(release({.bar = ballot + 1}), "1");
    EXPECT_EQ(holders(), "- - -");
    EXPECT_EQ(fence("c"), std::to_string(ballot + 1));
}

}  // namespace
}  // namespace redlock::scripts
