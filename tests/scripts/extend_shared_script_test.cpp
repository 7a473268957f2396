// EXTEND SHARED on a real server: a reader's deadline is prolonged for itself only, a reader is put
// back where no writer can have come since, and a writer becomes a reader.
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

class extend_shared_script : public readers_fixture {
  protected:
    /// Takes the lock as a reader with a lease of an hour; its ballot.
    [[maybe_unused]] std::int64_t reading(const std::string& record = {}) const {
        const std::int64_t ballot = node.time_us();
        EXPECT_EQ(acquire_shared({.ballot = ballot, .record = record}), "TIME");
        return ballot;
    }
    void fill() const { node.server.command({"CONFIG", "SET", "maxmemory", "1"}); }
};

TEST_F(extend_shared_script, prolongs_the_deadline_of_its_reader) {
    reading();
    EXPECT_EQ(extend_shared({.lease_ms = 9 * hour_ms}), "TIME");
    EXPECT_TRUE(reads("me", 9 * hour_ms));
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
}

TEST_F(extend_shared_script, never_shortens_a_deadline_or_the_marker) {
    begin_set(1);
    const std::int64_t mine = put("me", 2 * hour_ms);
    const std::int64_t yours = put("you", 3 * hour_ms);
    EXPECT_EQ(extend_shared({.lease_ms = minute_ms}), "TIME");
    EXPECT_EQ(score(":me"), mine);
    EXPECT_EQ(score(":you"), yours);
    EXPECT_TRUE(ends_at(yours));
}

TEST_F(extend_shared_script, changes_nothing_for_a_token_that_is_not_there) {
    reading();
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.token = "you", .last = node.time_us(), .lease_ms = 9 * hour_ms}),
              "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, does_not_extend_whose_deadline_has_passed) {
    begin_set(1);
    put("me", -1);
    put("you");
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = node.time_us()}), "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, looks_at_the_key_before_the_set) {
    begin_set(1);
    put("me");
    hold("writer");
    std::string before = everything();
    EXPECT_EQ(extend_shared({.last = node.time_us(), .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
    set_free();
    before = everything();
    EXPECT_EQ(extend_shared({.last = node.time_us()}), "-1\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, raises_the_fence_and_keeps_it_alive_with_its_mark) {
    const std::int64_t ballot = reading();
    node.server.command({"SET", node.fence, std::to_string(ballot) + " ", "PX", "5000"});
    EXPECT_EQ(extend_shared({.last = ballot + 9}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 9) + " ");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    node.server.command({"SET", node.fence, std::to_string(ballot + 50) + " ", "PX", "5000"});
    EXPECT_EQ(extend_shared({.last = ballot + 9}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 50) + " ");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    node.server.command({"DEL", node.fence});
    EXPECT_EQ(extend_shared({.last = ballot + 9}), "TIME");
    EXPECT_EQ(fence(), std::to_string(ballot + 9));
}

TEST_F(extend_shared_script, leaves_the_fence_alone_where_it_knows_no_ballot) {
    reading();
    node.server.command({"SET", node.fence, "7 ", "PX", "5000"});
    EXPECT_EQ(extend_shared({.last = 0}), "TIME");
    EXPECT_EQ(fence(), "7 ");
    EXPECT_LE(node.server.pttl(node.fence), 5000);
}

TEST_F(extend_shared_script, moves_the_holder_record_with_the_deadline) {
    reading("details");
    ASSERT_EQ(acquire_shared({.token = "m", .record = "e"}), "TIME");
    ASSERT_EQ(extend_shared({.lease_ms = 9 * hour_ms, .record = "not these"}), "TIME");
    EXPECT_EQ(score("=2 medetails"), -score(":me").value_or(0));
    EXPECT_EQ(score("=1 me"), -score(":m").value_or(0));
    EXPECT_EQ(node.server.command({"ZCARD", readers}), "5");
}

TEST_F(extend_shared_script, puts_a_reader_back_where_the_key_is_missing) {
    set_fence(499, " ");
    EXPECT_EQ(extend_shared({.last = 500, .heals = true, .record = "r"}), "2\nTIME");
    EXPECT_TRUE(has_marker());
    EXPECT_TRUE(reads("me"));
    EXPECT_TRUE(has_member("since 499"));
    EXPECT_TRUE(has_member("=2 mer"));
    EXPECT_EQ(fence(), "500 ");
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
    EXPECT_EQ(extend_shared({.last = 500}), "TIME") << "from now on it is there";
}

TEST_F(extend_shared_script, puts_nobody_back_where_the_fence_is_above_the_own_block) {
    set_fence(500);
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "2\nTIME") << "equality is its own";
    set_free();
    set_fence(501);
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "-1\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, forgets_an_old_set_where_it_begins_one) {
    begin_set(7);
    put("old");
    entomb("me");
    set_free();
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "2\nTIME");
    EXPECT_EQ(members(), "since 0\n:me");
}

TEST_F(extend_shared_script, puts_a_reader_back_in_a_set_up_to_its_own_block) {
    for (const std::int64_t since : {1, 499, 500}) {
        begin_set(since);
        const std::int64_t yours = put("you");
        set_fence(9'000);
        EXPECT_EQ(extend_shared({.last = 500, .heals = true, .record = "r"}), "2\nTIME") << since;
        EXPECT_TRUE(reads("me"));
        EXPECT_TRUE(has_member("=2 mer"));
        EXPECT_TRUE(has_member("since " + std::to_string(since)));
        EXPECT_EQ(fence(), "9000");
        EXPECT_TRUE(ends_at(yours));
        node.server.command({"FLUSHALL"});
    }
    begin_set(501);
    put("you");
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, puts_one_back_whose_deadline_has_passed) {
    begin_set(1);
    put("me", -1);
    put("you");
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "2\nTIME");
    EXPECT_TRUE(reads("me"));
}

TEST_F(extend_shared_script, puts_nobody_back_who_was_released_with_a_bar) {
    begin_set(1);
    put("you");
    entomb("me");
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
    entomb("me", -1);
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "2\nTIME");
}

TEST_F(extend_shared_script, puts_nobody_back_unless_asked_and_with_a_ballot) {
    EXPECT_EQ(extend_shared({.last = 500}), "-1\nTIME");
    EXPECT_EQ(extend_shared({.last = 0, .heals = true}), "-1\nTIME");
    begin_set(0);
    put("you");
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = 500}), "0\nTIME");
    EXPECT_EQ(extend_shared({.last = 0, .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, joins_no_readers_that_nobody_knows) {
    node.server.command({"SET", node.lock, "redlock:shared"});
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.last = 500, .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, lets_readers_of_a_restarted_node_come_back_in_any_order) {
    EXPECT_EQ(extend_shared({.token = "b", .last = 600, .heals = true}), "2\nTIME");
    EXPECT_EQ(extend_shared({.token = "a", .last = 500, .heals = true}), "2\nTIME");
    EXPECT_EQ(fence(), "600");
    EXPECT_TRUE(reads("a") && reads("b") && has_member("since 0"));
}

TEST_F(extend_shared_script, makes_a_reader_of_a_writer) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    // Left over by readers who were there before.
    node.server.command({"ZADD", readers, "-inf", "since 1", std::to_string(now_ms() * 2), ":x"});
    EXPECT_EQ(extend_shared({.last = ballot + 5, .lease_ms = 9 * hour_ms, .record = "r"}), "TIME");
    EXPECT_TRUE(has_marker());
    EXPECT_EQ(members(), "since " + std::to_string(ballot) + "\n=2 mer\n:me");
    EXPECT_TRUE(reads("me", 9 * hour_ms));
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
    EXPECT_EQ(fence(), std::to_string(ballot + 5));
    EXPECT_THAT(acquire_shared({.token = "late", .ballot = ballot}), StartsWith("-1\n"));
    EXPECT_EQ(acquire_shared({.token = "you", .ballot = ballot + 1}), "TIME");
}

TEST_F(extend_shared_script, never_shortens_the_lease_of_a_writer_that_becomes_a_reader) {
    node.server.command({"SET", node.lock, "me", "PX", std::to_string(5 * hour_ms)});
    const std::int64_t before = now_ms();
    EXPECT_EQ(extend_shared({.lease_ms = minute_ms}), "TIME");
    EXPECT_TRUE(reads("me", 5 * hour_ms));
    EXPECT_GE(score(":me").value_or(0), before - 1000 + 5 * hour_ms);
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
}

TEST_F(extend_shared_script, gives_a_lease_to_a_writer_without_one) {
    node.server.command({"SET", node.lock, "me"});
    EXPECT_EQ(extend_shared({}), "TIME");
    EXPECT_TRUE(reads("me"));
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
}

TEST_F(extend_shared_script, prolongs_even_where_the_memory_is_full_and_puts_nobody_back) {
    const std::int64_t ballot = reading();
    fill();
    EXPECT_EQ(extend_shared({.last = ballot + 9, .lease_ms = 9 * hour_ms}), "TIME");
    EXPECT_TRUE(reads("me", 9 * hour_ms));
    EXPECT_EQ(fence(), std::to_string(ballot + 9));
    EXPECT_THAT(extend_shared({.token = "b", .last = ballot, .heals = true}),
                StartsWith("(error) OOM"));
    node.server.command({"DEL", node.lock});
    EXPECT_THAT(extend_shared({.token = "b", .last = ballot + 9, .heals = true}),
                StartsWith("(error) OOM"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
}

TEST_F(extend_shared_script, makes_a_reader_of_a_writer_even_where_the_memory_is_full) {
    hold("me");
    fill();
    EXPECT_EQ(extend_shared({.last = 500}), "TIME");
    EXPECT_TRUE(reads("me"));
}

TEST_F(extend_shared_script, fails_where_a_key_is_of_another_type) {
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_THAT(extend_shared({}), HasSubstr("WRONGTYPE"));
    node.server.command({"SET", node.lock, "redlock:shared"});
    node.server.command({"HSET", readers, "since", "1"});
    EXPECT_THAT(extend_shared({}), HasSubstr("WRONGTYPE"));
}

TEST_F(extend_shared_script, prolongs_nothing_on_a_replica) {
    reading();
    const std::string before = everything();
    node.server.command({"REPLICAOF", "127.0.0.1", "1"});
    EXPECT_THAT(extend_shared({.lease_ms = 9 * hour_ms}), HasSubstr("READONLY"));
    EXPECT_EQ(everything(), before);
}

TEST_F(extend_shared_script, costs_ten_calls_in_a_set) {
    const std::int64_t ballot = reading();
    ASSERT_EQ(acquire_shared({.token = "you", .ballot = ballot, .lease_ms = 1}), "TIME");
    node.forget_calls();
    ASSERT_EQ(extend_shared({.last = ballot}), "TIME");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 2), Pair("pexpire", 1), Pair("pexpireat", 2),
                                          Pair("time", 3), Pair("zadd", 1),
                                          Pair("zrevrangebyscore", 2), Pair("zscore", 1)));
}

}  // namespace
}  // namespace redlock::scripts
