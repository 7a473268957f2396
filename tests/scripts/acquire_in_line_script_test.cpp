// ACQUIRE IN LINE on a real server: whose turn it is, what everybody else is told, and that what it
// shares with ACQUIRE (window, fence, holder key) is the same. How the line is kept up is in
// acquire_in_line_upkeep_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/line_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Pair;
using testing::StartsWith;

using acquire_in_line_script = line_fixture;

TEST_F(acquire_in_line_script, grants_a_free_lock_where_nobody_stands_in_line) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire_in_line({.token = "t", .ballot = ballot, .last = ballot + 5}),
              "granted\n0");
    EXPECT_EQ(node.server.get(node.lock), "t");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 5));
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "2");
}

TEST_F(acquire_in_line_script, says_who_holds_a_busy_lock_and_takes_a_place) {
    hold("first");
    const std::int64_t before = node.time_us();
    EXPECT_THAT(node.acquire_in_line({.place = "me-1", .ticket = 7}),
                busy_with(hour_ms, "first", 0));
    EXPECT_EQ(ticket_of("me-1"), 7);
    EXPECT_THAT(end_of("me-1"), AllOf(Ge(before + hour_us), Le(node.time_us() + hour_us)));
    EXPECT_EQ(fields(), 1);
    EXPECT_EQ(node.server.get(node.lock), "first");
    EXPECT_EQ(node.server.get(node.fence), "0 ") << "no fence, but a mark";
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms));
}

TEST_F(acquire_in_line_script, counts_the_places_before_it_when_busy) {
    hold();
    stand("a-1", 10);
    stand("b-1", 20);
    stand("c-1", 30);
    EXPECT_THAT(node.acquire_in_line({.ticket = 25}), busy_with(hour_ms, "first", 2));
    EXPECT_THAT(node.acquire_in_line({.ticket = 25}), busy_with(hour_ms, "first", 2));
}

TEST_F(acquire_in_line_script, takes_nobody_for_called_while_the_lock_is_held) {
    hold();
    stand("a-1", 10);
    call("a-1", minute_us);
    ASSERT_THAT(node.acquire_in_line({}), StartsWith("0\n"));
    EXPECT_EQ(called(), "");
    EXPECT_TRUE(in_line("a-1"));
}

TEST_F(acquire_in_line_script, calls_the_smallest_ticket_when_the_lock_is_free) {
    stand("b-1", 9);
    stand("a-1", 10);
    stand("c-1", 11);
    const std::int64_t before = node.time_us();
    EXPECT_THAT(node.acquire_in_line({.ticket = 50}), called_for_another(hour_ms, 3));
    EXPECT_EQ(called(), "b-1");
    EXPECT_THAT(called_since("b-1"), AllOf(Ge(before), Le(node.time_us())));
    EXPECT_EQ(ticket_of("me-1"), 50);
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), "0 ");
}

TEST_F(acquire_in_line_script, marks_the_fence_once_and_lets_it_live_no_longer) {
    hold();
    const std::string fence = std::to_string(node.time_us());
    node.server.command({"SET", node.fence, fence, "PX", std::to_string(hour_ms)});
    for (int i = 0; i < 2; ++i) {
        ASSERT_THAT(node.acquire_in_line({.place_lease_ms = 5 * hour_ms}), StartsWith("0\n"));
        EXPECT_EQ(node.server.get(node.fence), fence + " ");
        EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms));
    }
}

TEST_F(acquire_in_line_script, marks_nothing_where_it_takes_no_place) {
    hold();
    stand("a-1", 10);
    ASSERT_THAT(node.acquire_in_line({.longest = 1}), StartsWith("0\n"));
    EXPECT_EQ(node.server.get(node.fence), std::nullopt);
}

TEST_F(acquire_in_line_script, keeps_the_mark_for_those_who_are_left_and_clears_it_for_nobody) {
    stand("b-1", 20);
    stand("c-1", 30);
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire_in_line({.ballot = ballot, .place = "b-1", .ticket = 20}), "granted\n1");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot) + " ");
    set_free();
    EXPECT_EQ(node.acquire({.yields = true}), "-3\n0\n1");
    ASSERT_EQ(node.acquire_in_line({.ballot = ballot + 1, .place = "c-1", .ticket = 30}),
              "granted\n0");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1));
    set_free();
    EXPECT_EQ(node.acquire({.yields = true}), "granted");
}

TEST_F(acquire_in_line_script, clears_a_mark_that_dead_places_have_left) {
    // A mark lives as long as the fence that it stands behind.
    ASSERT_EQ(node.acquire({}), "granted");
    set_free();
    hold();
    ASSERT_THAT(node.acquire_in_line({.place = "dead-1", .place_lease_ms = 1}), StartsWith("0\n"));
    set_free();
    const std::int64_t dead = node.time_us() + 2'000;
    while (node.time_us() < dead) {
    }
    ASSERT_EQ(node.acquire({.yields = true}), "-3\n0\n1");
    ASSERT_EQ(node.acquire_in_line({}), "granted\n0");
    set_free();
    EXPECT_EQ(node.acquire({.yields = true}), "granted");
}

TEST_F(acquire_in_line_script, grants_to_the_smallest_ticket_and_tells_how_many_are_left) {
    stand("a-1", 10);
    stand("b-1", 20);
    stand("c-1", 30);
    call("a-1", minute_us);
    EXPECT_EQ(node.acquire_in_line({.token = "a", .place = "a-1", .ticket = 10}), "granted\n2");
    EXPECT_EQ(node.server.get(node.lock), "a");
    EXPECT_FALSE(in_line("a-1"));
    EXPECT_EQ(called(), "");
    EXPECT_EQ(fields(), 2);
}

TEST_F(acquire_in_line_script, grants_to_one_without_a_place_who_came_before_all_in_line) {
    stand("b-1", 20);
    call("b-1", minute_us);
    EXPECT_EQ(node.acquire_in_line({.ticket = 10}), "granted\n1");
    EXPECT_TRUE(in_line("b-1"));
    EXPECT_EQ(called(), "");
    EXPECT_EQ(fields(), 1);
}

TEST_F(acquire_in_line_script, breaks_ties_by_place_byte_by_byte) {
    stand("b-1", 10);
    EXPECT_THAT(node.acquire_in_line({.place = "c-1", .ticket = 10}),
                called_for_another(hour_ms, 1));
    EXPECT_THAT(node.acquire_in_line({.place = "b-10", .ticket = 10}),
                called_for_another(hour_ms, 1));
    EXPECT_THAT(node.acquire_in_line({.place = "\xff-1", .ticket = 10}),
                called_for_another(hour_ms, 3));
    EXPECT_EQ(node.acquire_in_line({.place = "Z-1", .ticket = 10}), "granted\n4");
    set_free();
    EXPECT_THAT(node.acquire_in_line({.place = "b-10", .ticket = 10}),
                called_for_another(hour_ms, 1));
    EXPECT_EQ(node.acquire_in_line({.place = "b-1", .ticket = 10}), "granted\n3");
}

TEST_F(acquire_in_line_script, compares_tickets_as_numbers_up_to_the_limit) {
    stand("a-1", 9);
    EXPECT_THAT(node.acquire_in_line({.ticket = 10}), StartsWith("-3\n"));
    node.server.command({"DEL", node.line});
    const std::int64_t highest = (std::int64_t{1} << 53) - 1;
    stand("a-1", highest);
    EXPECT_EQ(node.acquire_in_line({.ticket = highest - 1}), "granted\n1");
    set_free();
    node.server.command({"DEL", node.line});
    stand("a-1", highest - 1);
    EXPECT_THAT(node.acquire_in_line({.ticket = highest}), StartsWith("-3\n"));
    EXPECT_EQ(ticket_of("me-1"), highest);
}

TEST_F(acquire_in_line_script, waits_for_the_one_called_as_long_as_its_grace_lasts) {
    stand("a-1", 10);
    call("a-1", 20 * minute_us);
    const std::int64_t since = called_since("a-1");
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(40 * minute_ms, 1));
    EXPECT_EQ(called_since("a-1"), since);
    EXPECT_TRUE(in_line("me-1"));
    EXPECT_TRUE(in_line("a-1"));
}

TEST_F(acquire_in_line_script, always_asks_for_some_patience) {
    stand("a-1", 10);
    EXPECT_EQ(node.acquire_in_line({.grace_ms = 0}), "-3\n1\n1");
}

TEST_F(acquire_in_line_script, calls_the_first_where_another_had_been_called) {
    stand("b-1", 20);
    call("b-1", 2 * hour_us);
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 2));
    EXPECT_EQ(called(), "a-1");
    EXPECT_TRUE(in_line("b-1"));
}

TEST_F(acquire_in_line_script, passes_over_one_that_did_not_come_and_takes_the_lock_if_next) {
    stand("a-1", 10);
    stand("me-1", 100);
    stand("z-1", 200);
    call("a-1", hour_us + minute_us);
    EXPECT_EQ(node.acquire_in_line({.token = "t"}), "granted\n1");
    EXPECT_EQ(node.server.get(node.lock), "t");
    EXPECT_FALSE(in_line("a-1"));
    EXPECT_EQ(fields(), 1);
}

TEST_F(acquire_in_line_script, passes_over_one_that_did_not_come_and_calls_the_next) {
    stand("a-1", 10);
    stand("b-1", 20);
    stand("c-1", 30);
    call("a-1", hour_us + minute_us);
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 2));
    EXPECT_FALSE(in_line("a-1"));
    EXPECT_EQ(called(), "b-1");
    EXPECT_TRUE(in_line("c-1"));
    EXPECT_TRUE(in_line("me-1"));
}

TEST_F(acquire_in_line_script, does_not_pass_over_the_one_called_that_comes_late) {
    stand("a-1", 10);
    stand("b-1", 20);
    call("a-1", 3 * hour_us);
    EXPECT_EQ(node.acquire_in_line({.place = "a-1", .ticket = 10}), "granted\n1");
}

TEST_F(acquire_in_line_script, keeps_its_place_and_its_call_when_stale) {
    stand("me-1", 100);
    call("me-1", minute_us);
    const auto place = field("me-1");
    const auto call_before = field(call_of("me-1"));
    const std::int64_t fence = node.time_us();
    const std::string written = std::to_string(fence);
    node.server.command({"SET", node.fence, written, "PX", std::to_string(hour_ms)});
    EXPECT_THAT(
        node.acquire_in_line(
            {.ballot = fence, .last = fence + 9, .place_lease_ms = 1, .holder_record = "x"}),
        StartsWith("-1\n" + written + "\n"));
    EXPECT_EQ(field("me-1"), place);
    EXPECT_EQ(field(call_of("me-1")), call_before);
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.holder), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), written);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms)) << "it lives no longer for that";
    EXPECT_EQ(node.acquire_in_line({.ballot = fence + 1}), "granted\n0");
}

TEST_F(acquire_in_line_script, forgets_who_did_not_come_even_when_stale) {
    stand("a-1", 10);
    stand("me-1", 100);
    call("a-1", 2 * hour_us);
    const std::int64_t fence = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(fence)});
    EXPECT_THAT(node.acquire_in_line({.ballot = fence}), StartsWith("-1\n"));
    EXPECT_FALSE(in_line("a-1"));
    EXPECT_EQ(called(), "");
    EXPECT_TRUE(in_line("me-1"));
}

TEST_F(acquire_in_line_script, takes_a_fence_that_is_no_number_for_none) {
    node.server.command({"SET", node.fence, "garbage"});
    EXPECT_EQ(node.acquire_in_line({}), "granted\n0");
}

TEST_F(acquire_in_line_script, refuses_a_ballot_outside_the_window_before_anything_else) {
    hold();
    const std::int64_t before = node.time_us();
    for (const std::int64_t ballot : {before + hour_us + minute_us, before - hour_us - 1}) {
        const std::string answer = node.acquire_in_line({.ballot = ballot});
        ASSERT_THAT(answer, StartsWith("-2\n"));
        EXPECT_THAT(std::stoll(answer.substr(3)), AllOf(Ge(before), Le(node.time_us())));
    }
    EXPECT_EQ(node.server.command({"DBSIZE"}), "1");
    set_free();
    EXPECT_EQ(node.acquire_in_line({.ballot = before - hour_us + minute_us}), "granted\n0");
}

TEST_F(acquire_in_line_script, keeps_the_holder_key_as_long_as_the_lock) {
    ASSERT_EQ(node.acquire_in_line({.holder_record = "details"}), "granted\n0");
    EXPECT_EQ(node.server.get(node.holder), "details");
    EXPECT_THAT(node.server.pttl(node.holder), fresh(hour_ms));
}

TEST_F(acquire_in_line_script, leaves_the_holder_key_alone_where_it_is_refused) {
    ASSERT_EQ(node.acquire_in_line({.token = "first", .holder_record = "details"}), "granted\n0");
    ASSERT_THAT(node.acquire_in_line({.holder_record = "others"}), HasSubstr("first"));
    EXPECT_EQ(node.server.get(node.holder), "details");
    set_free();
    stand("a-1", 10);
    ASSERT_THAT(node.acquire_in_line({.holder_record = "others"}), StartsWith("-3\n"));
    EXPECT_EQ(node.server.get(node.holder), "details");
}

TEST_F(acquire_in_line_script, respects_a_lock_without_an_expiry_and_of_another_type) {
    node.server.command({"SET", node.lock, "theirs"});
    EXPECT_EQ(node.acquire_in_line({}), "0\n-1\ntheirs\n0");
    set_free();
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_EQ(node.acquire_in_line({}), "0\n-1\n\n0");
    stand("a-1", 10);
    EXPECT_EQ(node.acquire_in_line({}), "0\n-1\n\n1");
    EXPECT_EQ(node.server.command({"TYPE", node.lock}), "list");
}

TEST_F(acquire_in_line_script, costs_five_calls_when_granted_and_one_more_to_leave_the_line) {
    const std::int64_t ballot = node.time_us();
    node.forget_calls();
    ASSERT_EQ(node.acquire_in_line({.ballot = ballot}), "granted\n0");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 1), Pair("hgetall", 1), Pair("set", 2), Pair("time", 1)));
    set_free();
    stand("me-1", 100);
    call("me-1", 0);
    node.forget_calls();
    ASSERT_EQ(node.acquire_in_line({.ballot = ballot + 1}), "granted\n0");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 1), Pair("hdel", 1), Pair("hgetall", 1),
                                          Pair("set", 2), Pair("time", 1)));
}

TEST_F(acquire_in_line_script, reads_the_lock_key_and_does_not_try_to_write_it_out_of_turn) {
    stand("a-1", 10);
    const std::int64_t ballot = node.time_us();
    node.forget_calls();
    ASSERT_THAT(node.acquire_in_line({.ballot = ballot}), StartsWith("-3\n"));
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 2), Pair("hgetall", 1), Pair("hset", 1), Pair("pexpire", 1),
                            Pair("pttl", 1), Pair("set", 1), Pair("time", 1)));
    hold();
    // Longer than its last place by more than a millisecond, which may pass within the script.
    node.server.command({"PEXPIRE", node.line, std::to_string(6 * hour_ms)});
    node.forget_calls();
    ASSERT_THAT(node.acquire_in_line({.ballot = ballot}), StartsWith("0\n"));
    // The call of a-1 is withdrawn; the line lives long enough already, and the mark for longer.
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 2), Pair("hdel", 1), Pair("hgetall", 1), Pair("hset", 1),
                            Pair("pttl", 2), Pair("set", 1), Pair("time", 1)));
}

TEST_F(acquire_in_line_script, without_fencing_keeps_the_mark_alone) {
    hold();
    ASSERT_THAT(node.acquire_in_line({.place = "b-1", .ticket = 20, .fenced = false}),
                StartsWith("0\n"));
    EXPECT_EQ(node.server.get(node.fence), "0 ");
    stand("c-1", 30);
    set_free();
    ASSERT_EQ(node.acquire_in_line({.place = "b-1", .ticket = 20, .fenced = false}), "granted\n1");
    EXPECT_EQ(node.server.get(node.fence), "0 ");
    set_free();
    ASSERT_EQ(node.acquire_in_line({.place = "c-1", .ticket = 30, .fenced = false}), "granted\n0");
    EXPECT_EQ(node.server.get(node.fence), std::nullopt);
}

TEST_F(acquire_in_line_script, without_a_fence_the_mark_lives_as_long_as_the_place) {
    node.server.command({"SET", node.fence, "0 ", "PX", "1000"});
    hold();
    ASSERT_THAT(node.acquire_in_line({.fenced = false}), StartsWith("0\n"));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms));
}

TEST_F(acquire_in_line_script, without_fencing_takes_the_mark_from_behind_a_fence) {
    const std::string far = std::to_string(node.time_us() + 5 * hour_us);
    node.server.command({"SET", node.fence, far + " ", "PX", std::to_string(hour_ms)});
    ASSERT_EQ(node.acquire_in_line({.window_us = 1, .fenced = false}), "granted\n0");
    EXPECT_EQ(node.server.get(node.fence), far);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms));
}

}  // namespace
}  // namespace redlock::scripts
