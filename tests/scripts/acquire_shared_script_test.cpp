// ACQUIRE SHARED on a real server: which readers are granted, what excludes whom, and what a set of
// readers looks like. Each rule of docs/decisions/shared-locks.md has a test that fails without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/readers_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

auto stale_behind(std::int64_t bound) {
    return StartsWith("-1\n" + std::to_string(bound) + "\nTIME\n");
}

class acquire_shared_script : public readers_fixture {};

TEST_F(acquire_shared_script, begins_a_set_where_the_lock_is_free) {
    const std::int64_t ballot = node.time_us();
    set_fence(ballot - 7);
    EXPECT_EQ(acquire_shared({.token = "t", .ballot = ballot, .last = ballot + 5}), "TIME");
    EXPECT_TRUE(has_marker());
    EXPECT_TRUE(reads("t"));
    EXPECT_EQ(members(), "since " + std::to_string(ballot - 7) + "\n:t");
    EXPECT_EQ(fence(), std::to_string(ballot + 5));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_TRUE(ends_at(score(":t").value_or(0)));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "2");
}

TEST_F(acquire_shared_script, begins_a_set_without_a_fence) {
    EXPECT_EQ(acquire_shared({}), "TIME");
    EXPECT_EQ(members(), "since 0\n:me");
}

TEST_F(acquire_shared_script, takes_who_begins_a_set_for_stale_at_the_fence) {
    const std::int64_t there = node.time_us();
    set_fence(there);
    const std::string before = everything();
    const std::string told = acquire_shared({.ballot = there, .last = there + 9});
    EXPECT_THAT(told, stale_behind(there));
    EXPECT_THAT(std::stoll(told.substr(told.rfind('\n') + 1)), fresh(2 * hour_ms));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.ballot = there + 1}), "TIME");
}

TEST_F(acquire_shared_script, joins_below_the_fence_but_not_at_since) {
    const std::int64_t since = node.time_us() - minute_us;
    begin_set(since);
    put("you");
    set_fence(since + 1000);
    const std::string before = everything();
    EXPECT_THAT(acquire_shared({.ballot = since}), stale_behind(since));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.ballot = since + 1}), "TIME");
    EXPECT_TRUE(reads("me"));
    EXPECT_TRUE(has_member(":you"));
    EXPECT_TRUE(has_member("since " + std::to_string(since))) << "it stays";
    EXPECT_EQ(fence(), std::to_string(since + 1000)) << "it is not lowered";
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
}

TEST_F(acquire_shared_script, raises_the_fence_by_who_joins) {
    const std::int64_t ballot = node.time_us();
    begin_set(ballot - 9);
    put("you");
    node.server.command({"SET", node.fence, std::to_string(ballot - 5), "PX", "5000"});
    EXPECT_EQ(acquire_shared({.ballot = ballot, .last = ballot + 3}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 3));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
}

TEST_F(acquire_shared_script, gives_a_fence_that_is_higher_a_fresh_life) {
    const std::int64_t ballot = node.time_us();
    begin_set(ballot - 9);
    node.server.command({"SET", node.fence, std::to_string(ballot + 5), "PX", "5000"});
    EXPECT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 5));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
}

TEST_F(acquire_shared_script, keeps_the_mark_of_those_who_wait_in_line) {
    const std::int64_t ballot = node.time_us();
    set_fence(ballot - 9, " ");
    EXPECT_EQ(acquire_shared({.token = "a", .ballot = ballot}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot) + " ");
    EXPECT_EQ(acquire_shared({.token = "b", .ballot = ballot + 5}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 5) + " ");
    EXPECT_EQ(acquire_shared({.token = "c", .ballot = ballot + 3}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 5) + " ");
}

TEST_F(acquire_shared_script, stands_back_from_those_who_wait_where_it_is_to) {
    set_fence(node.time_us(), " ");
    std::string before = everything();
    EXPECT_EQ(acquire_shared({.yields = true}), "-3\n0\n1");
    EXPECT_EQ(everything(), before);
    begin_set(node.time_us() - 9);
    put("you");
    before = everything();
    EXPECT_EQ(acquire_shared({.yields = true}), "-3\n0\n1");
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.yields = false}), "TIME");
}

TEST_F(acquire_shared_script, does_not_stand_back_where_nobody_waits) {
    set_fence(node.time_us());
    EXPECT_EQ(acquire_shared({.yields = true}), "TIME");
}

TEST_F(acquire_shared_script, says_who_has_it_where_somebody_else_does) {
    ASSERT_EQ(node.acquire({.token = "writer"}), "granted");
    const std::string before = everything();
    const std::string told = acquire_shared({});
    EXPECT_THAT(told, StartsWith("0\n"));
    EXPECT_THAT(told, EndsWith("\nwriter"));
    EXPECT_THAT(std::stoll(told.substr(2)), fresh(hour_ms));
    EXPECT_EQ(everything(), before);
    node.server.command({"SET", node.lock, "theirs"});
    EXPECT_EQ(acquire_shared({}), "0\n-1\ntheirs");
    node.server.command({"DEL", node.lock});
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_EQ(acquire_shared({}), "0\n-1\n");
    EXPECT_EQ(node.server.command({"TYPE", node.lock}), "list");
}

TEST_F(acquire_shared_script, does_not_join_beside_another_lock_whatever_is_in_the_set) {
    begin_set(1);
    put("me");
    hold("writer");
    const std::string before = everything();
    EXPECT_THAT(acquire_shared({}), EndsWith("\nwriter"));
    EXPECT_EQ(everything(), before);
}

TEST_F(acquire_shared_script, excludes_writers_and_other_libraries_and_is_excluded_by_them) {
    ASSERT_EQ(acquire_shared({.token = "reader"}), "TIME");
    EXPECT_THAT(node.acquire({.token = "writer"}), EndsWith("\nredlock:shared 0 reader"));
    EXPECT_THAT(node.acquire_in_line({.token = "writer"}),
                HasSubstr("\nredlock:shared 0 reader\n"));
    const words take{"SET", node.lock, "theirs", "NX", "PX", "100000"};
    EXPECT_EQ(node.server.command(take), "(nil)");
    const words give_back{"EVAL",
                          "if redis.call('get', KEYS[1]) == ARGV[1] then "
                          "return redis.call('del', KEYS[1]) else return 0 end",
                          "1", node.lock, "theirs"};
    EXPECT_EQ(node.server.command(give_back), "0");
    EXPECT_EQ(node.release({.token = "reader"}), "0") << "the plain script knows no readers";
    EXPECT_TRUE(has_marker());
    ASSERT_EQ(release_shared({.token = "reader"}), "1");
    EXPECT_EQ(node.server.command(take), "OK");
    EXPECT_THAT(acquire_shared({}), EndsWith("\ntheirs"));
    EXPECT_EQ(release_shared({.token = "me"}), "0");
    EXPECT_EQ(node.server.command(give_back), "1");
    EXPECT_EQ(acquire_shared({}), "TIME");
}

TEST_F(acquire_shared_script, forgets_what_is_in_the_set_where_the_key_is_missing) {
    begin_set(node.time_us() + minute_us);
    put("old");
    entomb("me");
    set_free();
    set_fence(5);
    EXPECT_EQ(acquire_shared({}), "TIME");
    EXPECT_EQ(members(), "since 5\n:me");
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
}

TEST_F(acquire_shared_script, forgets_a_set_of_another_type_where_the_key_is_missing) {
    node.server.command({"HSET", readers, "a", "b"});
    EXPECT_EQ(acquire_shared({}), "TIME");
    EXPECT_EQ(members(), "since 0\n:me");
}

TEST_F(acquire_shared_script, is_busy_where_readers_are_that_nobody_knows) {
    node.server.command({"SET", node.lock, "redlock:shared", "PX", std::to_string(hour_ms)});
    const std::string before = everything();
    const std::string told = acquire_shared({});
    EXPECT_THAT(told, EndsWith("\nredlock:shared"));
    EXPECT_THAT(std::stoll(told.substr(2)), fresh(hour_ms));
    EXPECT_EQ(everything(), before);
}

TEST_F(acquire_shared_script, is_busy_where_since_cannot_be_read) {
    for (const std::string since :
         {"since", "since ", "since x", "since -1", "since 1 ", "Since 1"}) {
        SCOPED_TRACE(since);
        begin_set(1);
        put("you");
        node.server.command({"ZREM", readers, "since 1"});
        node.server.command({"ZADD", readers, "-inf", since});
        EXPECT_THAT(acquire_shared({}), EndsWith("\nredlock:shared"));
        EXPECT_FALSE(has_member(":me"));
        node.server.command({"FLUSHALL"});
    }
    begin_set(1);
    node.server.command({"ZADD", readers, "-inf", "since x", "-inf", "other"});
    EXPECT_EQ(acquire_shared({}), "TIME") << "one can be";
}

TEST_F(acquire_shared_script, refuses_who_was_released_with_a_bar_while_the_set_lasts) {
    begin_set(node.time_us() - minute_us);
    put("you");
    entomb("me");
    set_fence(node.time_us(), " ");
    const std::string before = everything();
    EXPECT_EQ(acquire_shared({.yields = true}), "-4\nTIME");
    EXPECT_EQ(acquire_shared({.ballot = node.time_us() - hour_us + minute_us}), "-4\nTIME")
        << "before it says stale";
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.token = "another"}), "TIME");
    entomb("me", -1);
    EXPECT_EQ(acquire_shared({}), "TIME");
}

TEST_F(acquire_shared_script, lasts_as_long_as_the_longest_living_reader) {
    ASSERT_EQ(acquire_shared({.token = "a", .lease_ms = hour_ms}), "TIME");
    ASSERT_EQ(acquire_shared({.token = "b", .lease_ms = 5 * hour_ms}), "TIME");
    EXPECT_TRUE(ends_at(score(":b").value_or(0)));
    ASSERT_EQ(acquire_shared({.token = "c", .lease_ms = minute_ms}), "TIME");
    EXPECT_TRUE(ends_at(score(":b").value_or(0)));
    EXPECT_TRUE(reads("a") && reads("b", 5 * hour_ms) && reads("c", minute_ms));
}

TEST_F(acquire_shared_script, lasts_no_longer_than_its_readers_even_where_the_keys_would) {
    begin_set(1, 9 * hour_ms);
    put("dead", -1);
    ASSERT_EQ(acquire_shared({}), "TIME");
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
}

TEST_F(acquire_shared_script, never_shortens_the_deadline_of_its_own_token) {
    begin_set(1);
    const std::int64_t deadline = put("me");
    ASSERT_EQ(acquire_shared({.lease_ms = minute_ms}), "TIME");
    EXPECT_EQ(score(":me"), deadline);
    EXPECT_TRUE(ends_at(deadline));
}

TEST_F(acquire_shared_script, clears_away_what_is_over) {
    begin_set(1);
    put("dead", -1);
    put("me", -hour_ms);
    entomb("over", -1);
    entomb("barred");
    const std::int64_t alive = put("you");
    node.server.command({"ZADD", readers, std::to_string(minute_ms - now_ms()), "=4 deadlabel"});
    ASSERT_EQ(acquire_shared({}), "TIME");
    EXPECT_EQ(members(), "since 1\n:barred\n:me\n:you");
    EXPECT_TRUE(reads("me"));
    EXPECT_EQ(score(":you"), alive);
}

TEST_F(acquire_shared_script, takes_what_it_cannot_read_for_no_reader) {
    begin_set(1);
    const std::string far = std::to_string(now_ms() + 9 * hour_ms);
    node.server.command({"ZADD", readers, "+inf", ":a", "9007199254740992", ":b", far + ".5", ":c",
                         far, "x", far, "", far, "=1 dlabel", "0", ":e", "-1", ":f"});
    ASSERT_EQ(acquire_shared({.token = "c"}), "TIME") << "its own, too";
    EXPECT_TRUE(reads("c"));
    EXPECT_TRUE(ends_at(score(":c").value_or(0)));
    ASSERT_EQ(release_shared({.token = "c"}), "1");
    expect_nobody();
}

TEST_F(acquire_shared_script, refuses_ballots_outside_the_window_before_it_tells_of_a_holder) {
    hold();
    const std::string before = everything();
    EXPECT_EQ(acquire_shared({.ballot = node.time_us() + hour_us + minute_us}), "-2\nTIME");
    EXPECT_EQ(acquire_shared({.ballot = node.time_us() - hour_us - 1}), "-2\nTIME");
    EXPECT_EQ(everything(), before);
    set_free();
    EXPECT_EQ(acquire_shared({.ballot = node.time_us() + hour_us - minute_us}), "TIME");
    EXPECT_EQ(acquire_shared({.token = "b", .ballot = node.time_us() - hour_us + minute_us}),
              "TIME");
}

TEST_F(acquire_shared_script, keeps_the_holder_record_as_long_as_the_reader) {
    const std::string record{"7 2 me\0\r\n{}", 11};
    ASSERT_EQ(acquire_shared({.token = "a b", .record = record}), "TIME");
    EXPECT_EQ(score("=3 a b" + record), -score(":a b").value_or(0));
    ASSERT_EQ(acquire_shared({.token = "c", .record = "other"}), "TIME");
    EXPECT_EQ(score("=1 cother"), -score(":c").value_or(0));
}

TEST_F(acquire_shared_script, without_fencing_asks_for_no_order_and_writes_no_fence) {
    const std::string far = std::to_string(node.time_us() + 5 * hour_us);
    node.server.command({"SET", node.fence, far});
    EXPECT_EQ(acquire_shared({.token = "a", .window_us = 1, .fenced = false}), "TIME");
    EXPECT_EQ(acquire_shared({.token = "b", .window_us = 1, .fenced = false}), "TIME");
    EXPECT_TRUE(reads("a") && reads("b"));
    EXPECT_EQ(fence(), far);
    EXPECT_EQ(node.server.pttl(node.fence), -1);
    node.server.command({"SET", node.fence, "0 "});
    EXPECT_EQ(acquire_shared({.token = "c", .yields = true, .fenced = false}), "-3\n0\n1");
}

TEST_F(acquire_shared_script, takes_a_fence_that_is_no_number_for_none) {
    for (const std::string garbage : {"garbage", "nan", ""}) {
        node.server.command({"SET", node.fence, garbage});
        const std::int64_t ballot = node.time_us();
        EXPECT_EQ(acquire_shared({.ballot = ballot}), "TIME");
        EXPECT_EQ(fence(), std::to_string(ballot));
        EXPECT_TRUE(has_member("since 0"));
        ASSERT_EQ(release_shared({}), "1");
    }
}

TEST_F(acquire_shared_script, fails_where_the_fence_or_the_set_is_of_another_type) {
    node.server.command({"RPUSH", node.fence, "a"});
    EXPECT_THAT(acquire_shared({}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    node.server.command({"DEL", node.fence});
    node.server.command({"SET", node.lock, "redlock:shared"});
    node.server.command({"HSET", readers, "since", "1"});
    EXPECT_THAT(acquire_shared({}), HasSubstr("WRONGTYPE"));
}

TEST_F(acquire_shared_script, writes_nothing_where_the_memory_is_full) {
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_THAT(acquire_shared({}), StartsWith("(error) OOM"));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
    node.server.command({"CONFIG", "SET", "maxmemory", "0"});
    begin_set(1);
    put("dead", -1);
    const std::string before = everything();
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_THAT(acquire_shared({}), StartsWith("(error) OOM"));
    EXPECT_EQ(everything(), before);
}

TEST_F(acquire_shared_script, writes_nothing_on_a_replica) {
    node.server.command({"REPLICAOF", "127.0.0.1", "1"});
    EXPECT_THAT(acquire_shared({}), HasSubstr("READONLY"));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(acquire_shared_script, costs_thirteen_calls_for_one_that_joins_a_set) {
    begin_set(1);
    put("you");
    const std::int64_t ballot = node.time_us();
    node.forget_calls();
    ASSERT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 3), Pair("pexpireat", 2), Pair("set", 2), Pair("time", 3),
                            Pair("zadd", 1), Pair("zremrangebyscore", 1),
                            Pair("zrevrangebyscore", 2), Pair("zscore", 1)));
}

}  // namespace
}  // namespace redlock::scripts
