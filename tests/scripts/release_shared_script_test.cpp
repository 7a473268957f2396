// RELEASE SHARED on a real server: it ends one reader, the last one ends the lock, and with a bar
// nothing of the reader can appear afterwards, whatever arrives late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/readers_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

class release_shared_script : public readers_fixture {
  protected:
    /// "me" and others read; what the marker lasts for without "me" is two hours.
    void read_with_others() const {
        begin_set(1);
        put("me", 3 * hour_ms);
        put("you", 2 * hour_ms);
        put("they", hour_ms);
    }
};

TEST_F(release_shared_script, ends_the_lock_with_its_last_reader) {
    ASSERT_EQ(acquire_shared({.token = "a", .record = "details"}), "TIME");
    ASSERT_EQ(acquire_shared({.token = "b"}), "TIME");
    EXPECT_EQ(release_shared({.token = "a"}), "1");
    EXPECT_TRUE(has_marker());
    EXPECT_FALSE(has_member(":a"));
    EXPECT_EQ(node.server.command({"ZCARD", readers}), "2") << "nor is its record left";
    EXPECT_EQ(release_shared({.token = "b"}), "1");
    expect_nobody();
    EXPECT_TRUE(fence()) << "it outlives the lock";
}

TEST_F(release_shared_script, lasts_from_then_on_as_long_as_the_longest_living_who_is_left) {
    read_with_others();
    EXPECT_EQ(release_shared({}), "1");
    EXPECT_TRUE(ends_at(score(":you").value_or(0)));
    EXPECT_EQ(release_shared({.token = "they"}), "1");
    EXPECT_TRUE(ends_at(score(":you").value_or(0)));
}

TEST_F(release_shared_script, takes_those_whose_deadline_has_passed_for_gone) {
    begin_set(1);
    put("me");
    put("dead", -1);
    entomb("barred");
    EXPECT_EQ(release_shared({.token = "dead"}), "0");
    EXPECT_TRUE(has_marker());
    EXPECT_EQ(release_shared({}), "1");
    expect_nobody();
}

TEST_F(release_shared_script, says_that_a_token_was_not_there_and_leaves_others_alone) {
    EXPECT_EQ(release_shared({}), "0");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
    hold("writer");
    begin_set(1);
    hold("writer");
    put("me");
    const std::string before = everything();
    EXPECT_EQ(release_shared({}), "0") << "the key decides";
    EXPECT_EQ(everything(), before);
    begin_set(1);
    EXPECT_EQ(release_shared({.token = "another"}), "0");
    EXPECT_TRUE(has_marker());
    EXPECT_TRUE(has_member(":me"));
}

TEST_F(release_shared_script, deletes_no_marker_of_readers_that_nobody_knows) {
    node.server.command({"SET", node.lock, "redlock:shared", "PX", std::to_string(hour_ms)});
    EXPECT_EQ(release_shared({}), "0");
    EXPECT_EQ(release_shared({.token = "redlock:shared"}), "0") << "which is nobody's token";
    EXPECT_TRUE(has_marker());
    // Nor beside a set that cannot be read.
    node.server.command({"ZADD", readers, "-inf", "since x"});
    put("me");
    EXPECT_EQ(release_shared({}), "1");
    EXPECT_TRUE(has_marker());
    EXPECT_FALSE(has_member(":me"));
}

TEST_F(release_shared_script, deletes_a_writers_form_of_the_lock) {
    ASSERT_EQ(node.acquire({}), "granted");
    EXPECT_EQ(release_shared({.token = "another"}), "0");
    EXPECT_EQ(release_shared({}), "1");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    ASSERT_EQ(node.acquire({}), "granted");
    ASSERT_EQ(extend_shared({}), "TIME");
    EXPECT_EQ(release_shared({}), "1");
    expect_nobody();
}

TEST_F(release_shared_script, with_a_bar_refuses_late_requests_while_the_set_lasts) {
    const std::int64_t ballot = node.time_us();
    begin_set(ballot - 9);
    put("you");
    // The release overtakes its ACQUIRE SHARED.
    EXPECT_EQ(release_shared({.bar = ballot + 1}), "0");
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_THAT(-score(":me").value_or(0) - now_ms(), fresh(2 * hour_ms)) << "as long as a fence";
    EXPECT_EQ(fence(), std::to_string(ballot + 1));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(acquire_shared({.ballot = ballot}), "-4\nTIME");
    EXPECT_EQ(extend_shared({.last = ballot, .heals = true}), "0\nTIME");
    EXPECT_FALSE(reads("me"));
    EXPECT_EQ(acquire_shared({.token = "another", .ballot = ballot - 1}), "TIME") << "spared";
    EXPECT_EQ(extend_shared({.token = "healed", .last = ballot - 5, .heals = true}), "2\nTIME");
}

TEST_F(release_shared_script, with_a_bar_refuses_late_requests_when_the_set_has_ended) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_EQ(release_shared({.bar = ballot + 1}), "1");
    expect_nobody();
    EXPECT_EQ(fence(), std::to_string(ballot + 1));
    EXPECT_THAT(acquire_shared({.ballot = ballot}), StartsWith("-1\n"));
    EXPECT_EQ(extend_shared({.last = ballot, .heals = true}), "-1\nTIME");
    // Nor in a later set.
    ASSERT_EQ(acquire_shared({.token = "you", .ballot = ballot + 2}), "TIME");
    EXPECT_THAT(acquire_shared({.ballot = ballot}), StartsWith("-1\n"));
    EXPECT_EQ(extend_shared({.last = ballot, .heals = true}), "0\nTIME");
}

TEST_F(release_shared_script, keeps_a_tombstone_whatever_release_comes_after) {
    read_with_others();
    EXPECT_EQ(release_shared({.bar = node.time_us()}), "1");
    EXPECT_EQ(release_shared({}), "0");
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_EQ(release_shared({.bar = node.time_us()}), "0");
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_TRUE(ends_at(score(":you").value_or(0)));
}

TEST_F(release_shared_script, without_a_bar_leaves_nothing_behind) {
    read_with_others();
    EXPECT_EQ(release_shared({}), "1");
    EXPECT_FALSE(has_member(":me"));
    EXPECT_EQ(fence(), std::nullopt);
}

TEST_F(release_shared_script, never_lowers_a_fence_for_a_bar_and_keeps_its_mark) {
    const std::int64_t now = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(now) + " ", "PX", "5000"});
    EXPECT_EQ(release_shared({.bar = now - 5}), "0");
    EXPECT_EQ(fence(), std::to_string(now) + " ");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(release_shared({.bar = now + 5}), "0");
    EXPECT_EQ(fence(), std::to_string(now + 5) + " ");
}

TEST_F(release_shared_script, leaves_out_a_bar_that_would_lock_everybody_out) {
    read_with_others();
    EXPECT_EQ(release_shared({.bar = node.time_us() + hour_us + minute_us}), "1");
    EXPECT_EQ(fence(), std::nullopt);
    EXPECT_TRUE(is_entombed("me")) << "which is about nobody else";
}

TEST_F(release_shared_script, lets_a_fence_out_of_reach_live_only_as_long_as_the_bar_must) {
    const std::int64_t now = node.time_us();
    const std::string far = std::to_string(now + 3 * hour_us);
    node.server.command({"SET", node.fence, far, "PX", std::to_string(6 * hour_ms)});
    ASSERT_EQ(release_shared({.bar = now, .fence_lifetime_ms = 9 * hour_ms}), "0");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(6 * hour_ms));
    node.server.command({"PEXPIRE", node.fence, std::to_string(minute_ms)});
    ASSERT_EQ(release_shared({.bar = now, .fence_lifetime_ms = 9 * hour_ms}), "0");
    EXPECT_EQ(fence(), far);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms)) << "two windows";
}

TEST_F(release_shared_script, is_barred_by_who_knows_only_the_token) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire_shared({.ballot = ballot, .last = ballot + 1000}), "TIME");
    ASSERT_EQ(acquire_shared({.token = "you", .ballot = ballot + 1}), "TIME");
    EXPECT_EQ(release_shared({.above_the_fence = true}), "1");
    EXPECT_EQ(fence(), std::to_string(ballot + 1001));
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_EQ(release_shared({.token = "nobody", .above_the_fence = true}), "0");
    EXPECT_EQ(fence(), std::to_string(ballot + 1001)) << "a word about nothing bars nothing";
    EXPECT_FALSE(is_entombed("nobody"));
    ASSERT_EQ(release_shared({.token = "you", .above_the_fence = true}), "1");
    EXPECT_EQ(fence(), std::to_string(ballot + 1002)) << "also by the last";
    ASSERT_EQ(node.acquire({.ballot = ballot + 5000}), "granted");
    EXPECT_EQ(release_shared({.above_the_fence = true}), "1");
    EXPECT_EQ(fence(), std::to_string(ballot + 5001));
}

TEST_F(release_shared_script, lets_a_reader_with_a_minimum_stay_for_what_remains_of_it) {
    ASSERT_EQ(acquire_shared({.record = "r"}), "TIME");
    EXPECT_EQ(release_shared({.keep_ms = minute_ms}), "1");
    EXPECT_TRUE(has_marker());
    const std::int64_t stays = score("!me").value_or(0);
    EXPECT_THAT(stays - now_ms(), fresh(minute_ms));
    EXPECT_EQ(score("=2 mer"), -stays);
    EXPECT_TRUE(ends_at(stays));
    EXPECT_EQ(release_shared({.keep_ms = hour_ms}), "1");
    EXPECT_EQ(score("!me"), stays) << "never prolonged, though a release may come twice";
    EXPECT_EQ(release_shared({}), "1") << "which ends it at once";
    expect_nobody();
}

TEST_F(release_shared_script, does_not_prolong_a_reader_for_its_minimum) {
    read_with_others();
    const std::int64_t deadline = score(":me").value_or(0);
    EXPECT_EQ(release_shared({.keep_ms = 9 * hour_ms}), "1");
    EXPECT_EQ(score("!me"), deadline);
    EXPECT_TRUE(ends_at(deadline));
    EXPECT_EQ(release_shared({.token = "another", .keep_ms = hour_ms}), "0");
    EXPECT_FALSE(has_member("!another"));
}

TEST_F(release_shared_script, lets_no_late_request_prolong_who_stays_for_a_minimum) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_EQ(release_shared({.bar = ballot + 1, .keep_ms = minute_ms}), "1");
    const std::int64_t stays = score("!me").value_or(0);
    EXPECT_EQ(acquire_shared({.ballot = ballot}), "-4\nTIME");
    EXPECT_EQ(extend_shared({.last = ballot, .heals = true}), "0\nTIME");
    EXPECT_TRUE(ends_at(stays));
    EXPECT_EQ(release_shared({.bar = ballot + 1}), "1");
    expect_nobody();
}

TEST_F(release_shared_script, keeps_a_writers_form_for_its_minimum) {
    ASSERT_EQ(node.acquire({}), "granted");
    EXPECT_EQ(release_shared({.keep_ms = minute_ms}), "1");
    EXPECT_EQ(node.server.get(node.lock), "me");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
    EXPECT_EQ(release_shared({.keep_ms = hour_ms}), "1");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
    node.server.command({"SET", node.lock, "me"});
    EXPECT_EQ(release_shared({.keep_ms = minute_ms}), "1");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
}

TEST_F(release_shared_script, releases_even_where_the_memory_is_full) {
    read_with_others();
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(release_shared({.bar = node.time_us()}), "1");
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_EQ(release_shared({.token = "you", .keep_ms = minute_ms}), "1");
    EXPECT_EQ(release_shared({.token = "you", .keep_ms = 1000}), "1");
    EXPECT_EQ(release_shared({.token = "they"}), "1");
}

TEST_F(release_shared_script, fails_where_a_key_is_of_another_type_and_on_a_replica) {
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_THAT(release_shared({}), HasSubstr("WRONGTYPE"));
    node.server.command({"SET", node.lock, "redlock:shared"});
    node.server.command({"HSET", readers, "since", "1"});
    EXPECT_THAT(release_shared({}), HasSubstr("WRONGTYPE"));
    EXPECT_TRUE(has_marker());
    node.server.command({"FLUSHALL"});
    read_with_others();
    node.server.command({"REPLICAOF", "127.0.0.1", "1"});
    EXPECT_THAT(release_shared({}), HasSubstr("READONLY"));
    EXPECT_TRUE(has_member(":me"));
}

TEST_F(release_shared_script, costs_nine_calls_and_six_for_the_last) {
    read_with_others();
    node.forget_calls();
    ASSERT_EQ(release_shared({}), "1");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 1), Pair("pexpireat", 2), Pair("time", 3),
                                          Pair("zcount", 1), Pair("zrem", 1),
                                          Pair("zrevrangebyscore", 2), Pair("zscore", 1)));
    ASSERT_EQ(release_shared({.token = "you"}), "1");
    node.forget_calls();
    ASSERT_EQ(release_shared({.token = "they"}), "1");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("del", 1), Pair("get", 1), Pair("time", 3), Pair("zcount", 1),
                            Pair("zrevrangebyscore", 1), Pair("zscore", 1)));
    expect_nobody();
}

}  // namespace
}  // namespace redlock::scripts
