// A reader that is alone on a real server: how it stands in the lock key, what makes a set of it,
// and that it loses nothing thereby. Each rule of docs/decisions/shared-locks.md about it has a
// test that fails without it.
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

class reader_alone_script : public readers_fixture {
  protected:
    [[nodiscard]] std::string value() const {
        return node.server.get(node.lock).value_or("(none)");
    }
    [[nodiscard]] bool has_set() const { return node.server.command({"EXISTS", readers}) == "1"; }
    /// When the lock key ends, in ms of the node's clock; not later than it does.
    [[nodiscard]] std::int64_t end() const {
        const std::int64_t now = now_ms();
        return now + node.server.pttl(node.lock);
    }
    void fill() const { node.server.command({"CONFIG", "SET", "maxmemory", "1"}); }
    void empty() const { node.server.command({"CONFIG", "SET", "maxmemory", "0"}); }
};

TEST_F(reader_alone_script, stands_in_the_lock_key_and_needs_no_set) {
    const std::int64_t ballot = node.time_us();
    set_fence(ballot - 7);
    EXPECT_EQ(acquire_shared({.token = "a b", .ballot = ballot}), "TIME");
    EXPECT_EQ(value(), "redlock:shared " + std::to_string(ballot - 7) + " a b");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_FALSE(has_set());
}

TEST_F(reader_alone_script, stands_there_too_when_it_comes_from_the_line) {
    set_fence(5, " ");
    EXPECT_EQ(acquire_shared_in_line({}), "TIME\n0");
    EXPECT_EQ(value(), "redlock:shared 5 me");
    EXPECT_FALSE(has_set());
}

TEST_F(reader_alone_script, is_in_a_set_with_its_record) {
    EXPECT_EQ(acquire_shared({.record = "details"}), "TIME");
    EXPECT_EQ(value(), "redlock:shared");
    EXPECT_TRUE(has_member("=2 medetails"));
}

TEST_F(reader_alone_script, makes_a_set_with_who_joins_and_keeps_its_deadline) {
    read_alone(499);
    set_fence(9'000);
    const std::int64_t mine = end();
    EXPECT_EQ(acquire_shared({.token = "you"}), "TIME");
    EXPECT_EQ(value(), "redlock:shared");
    EXPECT_EQ(members(), "since 499\n:you\n:me");
    EXPECT_GE(score(":me").value_or(0), mine) << "never shortened";
    EXPECT_LE(score(":me").value_or(0), mine + 1000);
    EXPECT_TRUE(reads("you"));
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
    EXPECT_EQ(extend_shared({}), "TIME");
    EXPECT_EQ(release_shared({.token = "you"}), "1");
    EXPECT_EQ(release_shared({}), "1");
    expect_nobody();
}

TEST_F(reader_alone_script, ends_with_the_longest_living_of_both) {
    read_alone(1, minute_ms);
    EXPECT_EQ(acquire_shared({.token = "you"}), "TIME");
    EXPECT_TRUE(ends_at(score(":you").value_or(0)));
    EXPECT_THAT(score(":me").value_or(0) - now_ms(), fresh(minute_ms));
}

TEST_F(reader_alone_script, is_joined_above_its_since_and_below_the_fence) {
    const std::int64_t since = node.time_us() - minute_us;
    read_alone(since);
    set_fence(since + 1000);
    const std::string before = everything();
    const std::string told = acquire_shared({.token = "you", .ballot = since});
    EXPECT_THAT(told, StartsWith("-1\n" + std::to_string(since) + "\nTIME\n"));
    EXPECT_THAT(acquire_shared_in_line({.of = {.token = "you", .ballot = since}}),
                StartsWith("-1\n" + std::to_string(since) + "\nTIME\n"));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.token = "you", .ballot = since + 1}), "TIME");
    EXPECT_TRUE(has_member("since " + std::to_string(since)));
    EXPECT_EQ(fence(), std::to_string(since + 1000));
}

TEST_F(reader_alone_script, lets_no_old_set_beside_it_count) {
    begin_set(7);
    put("old");
    entomb("you");
    read_alone(9);
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.token = "old"}), "0\nTIME");
    EXPECT_EQ(release_shared({.token = "old"}), "0");
    EXPECT_THAT(status(), AllOf(HasSubstr("\nme\n"), EndsWith("\n(nil)\n1")));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(acquire_shared({.token = "you"}), "TIME") << "that tombstone is over";
    EXPECT_EQ(members(), "since 9\n:you\n:me");
}

TEST_F(reader_alone_script, replaces_even_a_set_of_another_type) {
    read_alone(9);
    node.server.command({"HSET", readers, "a", "b"});
    EXPECT_EQ(extend_shared({}), "TIME");
    EXPECT_THAT(status(), EndsWith("\n(nil)\n1"));
    EXPECT_EQ(acquire_shared({.token = "you"}), "TIME");
    EXPECT_EQ(members(), "since 9\n:you\n:me");
}

TEST_F(reader_alone_script, stays_alone_when_it_joins_itself_and_is_not_shortened) {
    read_alone(9);
    EXPECT_EQ(acquire_shared({.lease_ms = minute_ms, .record = "not this"}), "TIME");
    EXPECT_EQ(value(), "redlock:shared 9 me");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(5 * hour_ms));
    EXPECT_EQ(acquire_shared({.lease_ms = 9 * hour_ms}), "TIME");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(9 * hour_ms));
    EXPECT_FALSE(has_set());
}

TEST_F(reader_alone_script, is_extended_in_place_and_never_shortened) {
    read_alone(9, 2 * hour_ms);
    EXPECT_EQ(extend_shared({.lease_ms = minute_ms, .record = "not this"}), "TIME");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(2 * hour_ms));
    EXPECT_EQ(extend_shared({.lease_ms = 9 * hour_ms}), "TIME");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(9 * hour_ms));
    EXPECT_EQ(value(), "redlock:shared 9 me");
    EXPECT_FALSE(has_set());
    EXPECT_EQ(fence(), std::nullopt) << "it knows no ballot";
}

TEST_F(reader_alone_script, raises_the_fence_as_it_is_extended_and_keeps_its_mark) {
    read_alone(1);
    const auto extended = [&](const std::string& fence_before) {
        node.server.command({"SET", node.fence, fence_before, "PX", "5000"});
        EXPECT_EQ(extend_shared({.last = 500}), "TIME");
        EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
        return fence();
    };
    EXPECT_EQ(extended("499 "), "500 ");
    EXPECT_EQ(extended("499"), "500");
    EXPECT_EQ(extended("501 "), "501 ");
    EXPECT_EQ(extended("nan"), "500");
    node.server.command({"DEL", node.fence});
    EXPECT_EQ(extend_shared({.last = 500}), "TIME");
    EXPECT_EQ(fence(), "500");
}

TEST_F(reader_alone_script, is_no_other_reader) {
    read_alone(9);
    const std::string before = everything();
    for (const std::string token : {"m", "e", "9 me", "you", "redlock:shared 9 me", ""}) {
        EXPECT_EQ(extend_shared({.token = token}), "0\nTIME") << token;
        EXPECT_EQ(release_shared({.token = token}), "0") << token;
        EXPECT_EQ(release_shared({.token = token, .keep_ms = minute_ms}), "0") << token;
        EXPECT_EQ(release_shared({.token = token, .above_the_fence = true}), "0") << token;
    }
    EXPECT_EQ(everything(), before);
}

TEST_F(reader_alone_script, is_nobody_if_the_value_cannot_be_read) {
    for (const std::string held :
         {"redlock:shared ", "redlock:shared me", "redlock:shared x me", "redlock:shared -1 me",
          "redlock:shared 1", "redlock:shared  1 me", "redlock:shared 1.5 me",
          "redlock:shared 9007199254740993000 me"}) {
        SCOPED_TRACE(held);
        node.server.command({"SET", node.lock, held, "PX", std::to_string(hour_ms)});
        const std::string before = everything();
        EXPECT_THAT(acquire_shared({}), StartsWith("0\n"));
        EXPECT_THAT(acquire_shared({}), EndsWith("\n" + held));
        for (const std::string& token : {std::string{"me"}, held}) {
            EXPECT_EQ(extend_shared({.token = token, .last = 500, .heals = true}), "0\nTIME");
            EXPECT_EQ(release_shared({.token = token}), "0");
            EXPECT_EQ(release_shared({.token = token, .keep_ms = 1}), "0");
        }
        EXPECT_EQ(everything(), before);
        EXPECT_THAT(status(), EndsWith("\n-2\n\n0"));
    }
    hold("redlock:sharedX");
    EXPECT_EQ(release_shared({.token = "redlock:sharedX"}), "1") << "a writer's token";
}

TEST_F(reader_alone_script, without_an_end_is_nobody_to_others) {
    node.server.command({"SET", node.lock, "redlock:shared 1 me"});
    const std::string before = everything();
    EXPECT_EQ(acquire_shared({.token = "you"}), "0\n-1\nredlock:shared 1 me");
    EXPECT_EQ(extend_shared({.token = "you", .last = 500, .heals = true}), "0\nTIME");
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(extend_shared({}), "TIME");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    node.server.command({"PERSIST", node.lock});
    EXPECT_EQ(release_shared({.keep_ms = minute_ms}), "1");
    EXPECT_TRUE(ends_at(score("!me").value_or(0)));
    EXPECT_EQ(release_shared({}), "1");
    expect_nobody();
}

TEST_F(reader_alone_script, ends_with_a_bar_that_only_raises_the_fence) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_EQ(release_shared({.bar = ballot + 1}), "1");
    expect_nobody();
    EXPECT_EQ(fence(), std::to_string(ballot + 1));
    // Whoever reads alone from then on has that fence for its `since`.
    ASSERT_EQ(acquire_shared({.token = "you", .ballot = ballot + 2}), "TIME");
    EXPECT_EQ(value(), "redlock:shared " + std::to_string(ballot + 1) + " you");
    EXPECT_THAT(acquire_shared({.ballot = ballot}), StartsWith("-1\n"));
    EXPECT_EQ(extend_shared({.last = ballot, .heals = true}), "0\nTIME");
}

TEST_F(reader_alone_script, makes_a_set_for_the_tombstone_of_another) {
    const std::int64_t ballot = node.time_us();
    read_alone(ballot - 9);
    const std::int64_t mine = end();
    EXPECT_EQ(release_shared({.token = "you", .bar = ballot + 1}), "0");
    EXPECT_EQ(value(), "redlock:shared");
    EXPECT_TRUE(is_entombed("you"));
    EXPECT_TRUE(has_member("since " + std::to_string(ballot - 9)));
    EXPECT_GE(score(":me").value_or(0), mine);
    EXPECT_LE(score(":me").value_or(0), mine + 1000);
    EXPECT_TRUE(ends_at(score(":me").value_or(0)));
    EXPECT_EQ(acquire_shared({.token = "you", .ballot = ballot}), "-4\nTIME");
    EXPECT_EQ(extend_shared({}), "TIME");
}

TEST_F(reader_alone_script, makes_a_set_where_it_stays_for_its_minimum) {
    read_alone(9);
    EXPECT_EQ(release_shared({.bar = 500, .keep_ms = minute_ms}), "1");
    EXPECT_THAT(score("!me").value_or(0) - now_ms(), fresh(minute_ms));
    EXPECT_TRUE(ends_at(score("!me").value_or(0)));
    EXPECT_TRUE(is_entombed("me"));
    EXPECT_TRUE(has_member("since 9"));
    EXPECT_EQ(extend_shared({.last = 499, .heals = true}), "0\nTIME");
}

TEST_F(reader_alone_script, makes_a_set_with_who_is_put_back_beside_it) {
    for (const std::int64_t since : {1, 500}) {
        read_alone(since);
        EXPECT_EQ(extend_shared({.token = "you", .last = 500, .heals = true, .record = "r"}),
                  "2\nTIME");
        EXPECT_TRUE(has_member("since " + std::to_string(since)));
        EXPECT_TRUE(reads("you") && has_member(":me") && has_member("=3 your"));
        EXPECT_TRUE(ends_at(score(":me").value_or(0)));
        EXPECT_EQ(fence(), "500");
        node.server.command({"FLUSHALL"});
    }
    read_alone(501);
    const std::string before = everything();
    EXPECT_EQ(extend_shared({.token = "you", .last = 500, .heals = true}), "0\nTIME");
    EXPECT_EQ(extend_shared({.token = "you", .last = 600}), "0\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(reader_alone_script, is_what_a_writer_becomes_in_place) {
    node.server.command({"SET", node.lock, "me", "PX", std::to_string(5 * hour_ms)});
    node.server.command({"ZADD", readers, "-inf", "since 1"});
    set_fence(77, " ");
    fill();
    EXPECT_EQ(extend_shared({.last = 80, .lease_ms = minute_ms}), "TIME");
    EXPECT_EQ(value(), "redlock:shared 77 me");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(5 * hour_ms)) << "never shorter";
    EXPECT_EQ(fence(), "80 ");
    EXPECT_FALSE(has_set());
}

TEST_F(reader_alone_script, loses_nothing_where_who_joins_is_refused) {
    read_alone(9);
    const std::string before = everything();
    fill();
    EXPECT_THAT(acquire_shared({.token = "you"}), StartsWith("(error) OOM"));
    EXPECT_THAT(extend_shared({.token = "you", .last = 500, .heals = true}),
                StartsWith("(error) OOM"));
    EXPECT_EQ(everything(), before);
    empty();
    node.server.command({"ACL", "SETUSER", "default", "-zadd"});
    EXPECT_THAT(acquire_shared({.token = "you"}), StartsWith("(error)"));
    EXPECT_EQ(everything(), before);
    node.server.command({"ACL", "SETUSER", "default", "+zadd", "-pexpireat"});
    EXPECT_THAT(acquire_shared({.token = "you"}), StartsWith("(error)"));
    EXPECT_EQ(value(), "redlock:shared 9 me");
    EXPECT_EQ(extend_shared({}), "TIME");
}

TEST_F(reader_alone_script, is_extended_and_released_even_where_the_memory_is_full) {
    read_alone(9);
    set_fence(5);
    fill();
    EXPECT_EQ(extend_shared({.last = 500, .lease_ms = 9 * hour_ms}), "TIME");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(9 * hour_ms));
    EXPECT_EQ(fence(), "500");
    EXPECT_EQ(release_shared({.token = "you", .bar = 600}), "0");
    EXPECT_TRUE(is_entombed("you"));
    EXPECT_EQ(release_shared({.bar = 600}), "1");
    read_alone(9);
    empty();
    read_alone(9);
    fill();
    EXPECT_EQ(release_shared({.keep_ms = minute_ms}), "1");
    EXPECT_TRUE(has_member("!me"));
}

TEST_F(reader_alone_script, is_told_by_a_status) {
    read_alone(9, hour_ms);
    const std::string deadline = std::to_string(end());
    const std::string told = status();
    EXPECT_THAT(told, StartsWith("redlock:shared 9 me\n"));
    EXPECT_THAT(told, HasSubstr("\nme\n" + deadline.substr(0, 7)));
    EXPECT_THAT(told, EndsWith("\n(nil)\n1"));
    EXPECT_THAT(status("me"), HasSubstr("\nme\n" + deadline.substr(0, 7)));
    EXPECT_THAT(status("you"), EndsWith("\n\n1"));
}

TEST_F(reader_alone_script, costs_the_calls_of_a_plain_lock) {
    const std::int64_t ballot = node.time_us();
    node.forget_calls();
    ASSERT_EQ(acquire_shared({.ballot = ballot}), "TIME");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 1), Pair("set", 2), Pair("time", 3)));
    node.forget_calls();
    ASSERT_EQ(extend_shared({.last = ballot, .lease_ms = 2 * hour_ms}), "TIME");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 2), Pair("pexpire", 2), Pair("pttl", 1), Pair("time", 3)));
    node.forget_calls();
    ASSERT_EQ(release_shared({}), "1");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("del", 1), Pair("get", 1), Pair("time", 2)));
}

}  // namespace
}  // namespace redlock::scripts
