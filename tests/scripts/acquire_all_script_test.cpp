// ACQUIRE ALL on a real server: all names or none, above each fence, respecting who holds one and
// who waits for one. Each rule of docs/decisions/all-or-none.md has a test that fails without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripts/several_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class acquire_all_script : public several_fixture {};

TEST_F(acquire_all_script, takes_all_names_and_raises_each_fence) {
    const std::int64_t ballot = node.time_us();
    set_fence("b", ballot - 7);
    EXPECT_EQ(acquire({.ballot = ballot, .last = ballot + 5}), "TIME");
    EXPECT_EQ(holders(), "me me me");
    for (const std::string& each : names) {
        EXPECT_EQ(fence(each), std::to_string(ballot + 5)) << each;
        EXPECT_THAT(node.server.pttl(each), fresh(hour_ms)) << each;
        EXPECT_THAT(node.server.pttl(fence_key(each)), fresh(2 * hour_ms)) << each;
    }
    EXPECT_EQ(node.server.command({"DBSIZE"}), "6");
}

TEST_F(acquire_all_script, takes_none_where_one_is_held) {
    for (const std::string& taken : names) {
        put(taken, "other");
        const std::string before = everything();
        EXPECT_THAT(acquire({}), StartsWith("0\n")) << taken;
        EXPECT_EQ(everything(), before) << taken;
        node.server.command({"DEL", taken});
    }
}

TEST_F(acquire_all_script, tells_of_the_name_that_is_held_longest) {
    node.server.command({"SET", "a", "short", "PX", "60000"});
    put("b", "long");
    node.server.command({"SET", "c", "shorter", "PX", "30000"});
    EXPECT_THAT(acquire({}), testing::AllOf(HasSubstr("\nlong\n"), testing::EndsWith("\n1")));
    node.server.command({"SET", "c", "forever"});
    EXPECT_EQ(acquire({}), "0\n-1\nforever\n0\n2");
}

TEST_F(acquire_all_script, is_held_up_by_readers_and_by_what_is_no_lock) {
    put("b", "redlock:shared");
    EXPECT_THAT(acquire({}), HasSubstr("\nredlock:shared\n"));
    node.server.command({"DEL", "b"});
    node.server.command({"RPUSH", "c", "x"});
    EXPECT_EQ(acquire({}), "0\n-1\n\n0\n2");
    EXPECT_EQ(node.server.get("a"), std::nullopt);
}

TEST_F(acquire_all_script, is_stale_at_the_largest_fence) {
    const std::int64_t ballot = node.time_us();
    for (const std::string& each : names) {
        set_fence("a", ballot - 9);
        set_fence("b", ballot - 9);
        set_fence("c", ballot - 9);
        set_fence(each, ballot);
        const std::string before = everything();
        EXPECT_THAT(acquire({.ballot = ballot, .last = ballot + 9}),
                    testing::AllOf(StartsWith("-1\n" + std::to_string(ballot) + "\nTIME\n"),
                                   testing::EndsWith("\n" + std::to_string(each[0] - 'a'))));
        EXPECT_EQ(everything(), before);
    }
    EXPECT_EQ(acquire({.ballot = ballot + 1}), "TIME");
}

TEST_F(acquire_all_script, prefers_to_tell_of_a_holder_before_it_tells_of_a_fence) {
    const std::int64_t ballot = node.time_us();
    set_fence("a", ballot);
    put("c", "other");
    EXPECT_THAT(acquire({.ballot = ballot}), StartsWith("0\n"));
}

TEST_F(acquire_all_script, refuses_ballots_out_of_the_window) {
    const std::int64_t now = node.time_us();
    EXPECT_EQ(acquire({.ballot = now + 3 * hour_us}), "-2\nTIME");
    EXPECT_EQ(acquire({.ballot = now - 3 * hour_us}), "-2\nTIME");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(acquire_all_script, leaves_free_names_to_those_who_wait_for_one) {
    const std::int64_t ballot = node.time_us();
    set_fence("b", ballot - 9, " ");
    const std::string before = everything();
    EXPECT_EQ(acquire({.ballot = ballot, .yields = true}), "-3\n0\n1");
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire({.ballot = ballot}), "TIME");
    EXPECT_EQ(fence("a"), std::to_string(ballot));
    EXPECT_EQ(fence("b"), std::to_string(ballot)) << "nobody is in line";
}

TEST_F(acquire_all_script, leaves_the_mark_where_somebody_is_in_line) {
    const std::int64_t ballot = node.time_us();
    set_fence("a", ballot - 9, " ");
    set_fence("b", ballot - 9, " ");
    node.server.command({"HSET", "redlock:line:{b}", "you-1", "7 9"});
    EXPECT_EQ(acquire({.ballot = ballot}), "TIME");
    EXPECT_EQ(fence("a"), std::to_string(ballot));
    EXPECT_EQ(fence("b"), std::to_string(ballot) + " ");
}

TEST_F(acquire_all_script, goes_behind_the_places_that_came_before) {
    set_fence("b", 17, " ");
    const std::string far = std::to_string(node.time_us() + hour_us);
    node.server.command({"HSET", "redlock:line:{b}", "you-1", "40 " + far, "late-1", "60 " + far});
    EXPECT_EQ(acquire({.ticket = 50}), "-3\n" + std::to_string(hour_ms) + "\n1");
    EXPECT_EQ(holders(), "- - -");
    EXPECT_EQ(node.server.command({"HEXISTS", "redlock:line:{b}", "called you-1"}), "1");
    EXPECT_EQ(node.server.command({"HLEN", "redlock:line:{b}"}), "3") << "it takes no place";
    EXPECT_EQ(acquire({.ticket = 30}), "TIME") << "it came first";
}

TEST_F(acquire_all_script, takes_no_field_of_a_line_for_its_own) {
    set_fence("b", 17, " ");
    const std::string far = std::to_string(node.time_us() + hour_us);
    node.server.command({"HSET", "redlock:line:{b}", "you-1", "40 " + far, "-", "50 " + far,
                         "called -", "50 " + far});
    EXPECT_EQ(acquire({.ticket = 50}), "-3\n" + std::to_string(hour_ms) + "\n2");
    EXPECT_EQ(acquire({.ticket = 30}), "TIME");
}

TEST_F(acquire_all_script, keeps_the_mark_without_fencing_while_somebody_is_in_line) {
    set_fence("a", 17, " ");
    node.server.command({"HSET", "redlock:line:{a}", "you-1", "7 9"});
    EXPECT_EQ(acquire({.fenced = false}), "TIME");
    EXPECT_EQ(fence("a"), "17 ");
}

TEST_F(acquire_all_script, calls_nobody_where_a_name_is_held_or_it_does_not_wait) {
    set_fence("b", 17, " ");
    const std::string far = std::to_string(node.time_us() + hour_us);
    node.server.command({"HSET", "redlock:line:{b}", "you-1", "40 " + far});
    put("c", "other");
    EXPECT_THAT(acquire({.ticket = 50}), StartsWith("0\n"));
    EXPECT_EQ(node.server.command({"HLEN", "redlock:line:{b}"}), "1");
    node.server.command({"DEL", "c"});
    EXPECT_EQ(acquire({}), "TIME");
}

TEST_F(acquire_all_script, passes_over_those_who_do_not_come) {
    for (const std::string each : {"a", "c"}) {
        set_fence(each, 17, " ");
        node.server.command({"HSET", "redlock:line:{" + each + "}", "you-1",
                             "40 " + std::to_string(node.time_us() + hour_us)});
    }
    EXPECT_THAT(acquire({.ticket = 50, .grace_ms = 0}), StartsWith("-3\n")) << "both are called";
    EXPECT_EQ(acquire({.ticket = 50, .grace_ms = 0}), "TIME");
    EXPECT_EQ(node.server.command({"EXISTS", "redlock:line:{a}", "redlock:line:{c}"}), "0");
}

TEST_F(acquire_all_script, marks_held_names_that_it_waits_for) {
    set_fence("a", 17);
    set_fence("b", 18);
    put("a", "other");
    put("c", "other");
    EXPECT_THAT(acquire({}), StartsWith("0\n"));
    EXPECT_EQ(fence("a"), "17") << "it does not wait";
    EXPECT_THAT(acquire({.ticket = 50}), StartsWith("0\n"));
    EXPECT_EQ(fence("a"), "17 ");
    EXPECT_THAT(node.server.pttl(fence_key("a")), fresh(5 * hour_ms)) << "it lives no longer";
    EXPECT_EQ(fence("b"), "18") << "that one is free";
    EXPECT_EQ(fence("c"), "0 ");
    EXPECT_THAT(node.server.pttl(fence_key("c")), fresh(minute_ms));
    const std::string before = everything();
    EXPECT_THAT(acquire({.ticket = 50}), StartsWith("0\n"));
    EXPECT_EQ(everything(), before) << "once is enough";
}

TEST_F(acquire_all_script, goes_without_a_mark_where_memory_is_full) {
    put("a", "other");
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_THAT(acquire({.ticket = 50}), StartsWith("0\n"));
    EXPECT_EQ(fence("a"), std::nullopt);
}

TEST_F(acquire_all_script, writes_no_fence_without_fencing) {
    set_fence("a", 17, " ");
    EXPECT_EQ(acquire({.yields = true, .fenced = false}), "-3\n0\n1");
    set_fence("c", 0, " ");
    EXPECT_EQ(acquire({.fenced = false}), "TIME");
    EXPECT_EQ(fence("a"), "17") << "nobody is in line";
    EXPECT_EQ(fence("b"), std::nullopt);
    EXPECT_EQ(fence("c"), std::nullopt) << "it was nothing but a mark";
    EXPECT_EQ(holders(), "me me me");
}

TEST_F(acquire_all_script, writes_the_holder_record_beside_each_name) {
    EXPECT_EQ(acquire({.record = "7 2 melabel"}), "TIME");
    for (const std::string& each : names) {
        EXPECT_EQ(node.server.get(holder_key(each)), "7 2 melabel");
        EXPECT_THAT(node.server.pttl(holder_key(each)), fresh(hour_ms));
    }
}

TEST_F(acquire_all_script, takes_no_name_where_memory_is_full) {
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_THAT(acquire({}), HasSubstr("OOM"));
    EXPECT_EQ(holders(), "- - -");
}

TEST_F(acquire_all_script, takes_no_name_where_a_fence_is_no_fence) {
    node.server.command({"RPUSH", fence_key("c"), "x"});
    EXPECT_THAT(acquire({}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(holders(), "- - -");
}

}  // namespace
}  // namespace redlock::scripts
