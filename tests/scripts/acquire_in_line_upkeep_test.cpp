// How ACQUIRE IN LINE keeps its line on a real server: places that are renewed, that die on the
// node's clock, that find no room; a key that lives as long as they do; and rubbish in it, or in
// its place, which must never stand between anybody and the lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "scripts/line_fixture.hpp"

namespace redlock::scripts {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Gt;
using testing::Le;
using testing::StartsWith;

using acquire_in_line_upkeep = line_fixture;

TEST_F(acquire_in_line_upkeep, renews_a_place_under_the_ticket_that_it_has) {
    stand("me-1", 40, minute_us);
    const std::int64_t first_end = end_of("me-1");
    hold();
    ASSERT_THAT(node.acquire_in_line({.ticket = 100}), busy_with(hour_ms, "first", 0));
    EXPECT_EQ(ticket_of("me-1"), 40);
    EXPECT_GT(end_of("me-1"), first_end);
    EXPECT_EQ(fields(), 1);
}

TEST_F(acquire_in_line_upkeep, judges_a_place_by_the_ticket_that_it_has) {
    stand("me-1", 40);
    stand("a-1", 50);
    EXPECT_EQ(node.acquire_in_line({.ticket = 100}), "granted\n1");
}

TEST_F(acquire_in_line_upkeep, renews_a_place_that_waits_for_another_to_come) {
    stand("a-1", 10);
    stand("me-1", 100, minute_us);
    const std::int64_t first_end = end_of("me-1");
    ASSERT_THAT(node.acquire_in_line({}), StartsWith("-3\n"));
    EXPECT_GT(end_of("me-1"), first_end);
}

TEST_F(acquire_in_line_upkeep, forgets_dead_places_whatever_it_answers) {
    stand("dead-1", 1, -1);
    hold();
    EXPECT_THAT(node.acquire_in_line({}), busy_with(hour_ms, "first", 0));
    EXPECT_FALSE(in_line("dead-1"));

    set_free();
    stand("dead-1", 1, -hour_us);
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 1));
    EXPECT_FALSE(in_line("dead-1"));

    stand("dead-1", 1, -minute_us);
    EXPECT_EQ(node.acquire_in_line({.place = "a-1", .ticket = 10}), "granted\n1");
    EXPECT_FALSE(in_line("dead-1"));
}

TEST_F(acquire_in_line_upkeep, forgets_the_call_of_a_dead_place) {
    stand("dead-1", 1, -1);
    call("dead-1", minute_us);
    EXPECT_EQ(node.acquire_in_line({}), "granted\n0");
    EXPECT_EQ(fields(), 0);
}

TEST_F(acquire_in_line_upkeep, enters_anew_one_whose_own_place_died) {
    stand("me-1", 1, -1);
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_in_line({.ticket = 100}), called_for_another(hour_ms, 1));
    EXPECT_EQ(ticket_of("me-1"), 100);
    EXPECT_THAT(end_of("me-1"), Gt(node.time_us()));
    stand("me-1", 1, -1);
    EXPECT_EQ(node.acquire_in_line({.ticket = 5}), "granted\n1");
    EXPECT_FALSE(in_line("me-1"));
}

TEST_F(acquire_in_line_upkeep, has_no_room_beyond_its_longest_length) {
    stand("a-1", 10);
    stand("b-1", 20);
    hold();
    EXPECT_THAT(node.acquire_in_line({.longest = 2}), busy_with(hour_ms, "first", 2));
    EXPECT_FALSE(in_line("me-1"));
    set_free();
    EXPECT_THAT(node.acquire_in_line({.longest = 2}), called_for_another(hour_ms, 2));
    EXPECT_FALSE(in_line("me-1"));
    EXPECT_EQ(called(), "a-1");
    EXPECT_THAT(node.acquire_in_line({.longest = 3}), called_for_another(hour_ms, 2));
    EXPECT_TRUE(in_line("me-1"));
}

TEST_F(acquire_in_line_upkeep, renews_the_places_of_a_full_line) {
    stand("a-1", 10);
    stand("me-1", 100, minute_us);
    const std::int64_t first_end = end_of("me-1");
    ASSERT_THAT(node.acquire_in_line({.longest = 2}), StartsWith("-3\n"));
    EXPECT_GT(end_of("me-1"), first_end);
    // Nor does a full line keep the lock from one who came before all of it.
    EXPECT_EQ(node.acquire_in_line({.place = "z-1", .ticket = 1, .longest = 2}), "granted\n2");
}

TEST_F(acquire_in_line_upkeep, has_room_again_where_places_died_or_did_not_come) {
    stand("dead-1", 1, -1);
    stand("a-1", 10);
    hold();
    ASSERT_THAT(node.acquire_in_line({.longest = 2}), StartsWith("0\n"));
    EXPECT_TRUE(in_line("me-1"));

    set_free();
    call("a-1", 2 * hour_us);
    EXPECT_THAT(node.acquire_in_line({.place = "z-1", .ticket = 200, .longest = 2}),
                called_for_another(hour_ms, 1));
    EXPECT_TRUE(in_line("z-1"));
}

TEST_F(acquire_in_line_upkeep, lets_the_line_live_as_long_as_its_last_place) {
    hold();
    node.acquire_in_line({.place = "a-1", .place_lease_ms = hour_ms});
    EXPECT_THAT(node.server.pttl(node.line), AllOf(Gt(hour_ms / 2), Le(hour_ms)));
    node.acquire_in_line({.place = "b-1", .place_lease_ms = 9 * hour_ms});
    EXPECT_THAT(node.server.pttl(node.line), AllOf(Gt(8 * hour_ms), Le(9 * hour_ms)));
}

TEST_F(acquire_in_line_upkeep, never_shortens_the_life_of_the_line) {
    hold();
    node.acquire_in_line({.place = "a-1", .place_lease_ms = 9 * hour_ms});
    node.acquire_in_line({.place = "b-1", .place_lease_ms = 1000});
    EXPECT_GT(node.server.pttl(node.line), 8 * hour_ms);
    node.server.command({"PEXPIRE", node.line, std::to_string(20 * hour_ms)});
    node.acquire_in_line({.place = "b-1", .place_lease_ms = 1000});
    EXPECT_GT(node.server.pttl(node.line), 19 * hour_ms);
    set_free();
    ASSERT_THAT(node.acquire_in_line({.place = "z-1", .ticket = 200, .place_lease_ms = 1000}),
                StartsWith("-3\n"));
    EXPECT_GT(node.server.pttl(node.line), 19 * hour_ms);
}

TEST_F(acquire_in_line_upkeep, gives_an_end_to_a_line_without_one_but_after_its_last_place) {
    stand("a-1", 10, 5 * hour_us);
    ASSERT_EQ(node.server.pttl(node.line), -1);
    // Even where it only calls, having no room for a place.
    ASSERT_THAT(node.acquire_in_line({.place_lease_ms = 1000, .longest = 1}), StartsWith("-3\n"));
    EXPECT_THAT(node.server.pttl(node.line), AllOf(Gt(4 * hour_ms), Le(5 * hour_ms)));
}

TEST_F(acquire_in_line_upkeep, takes_what_it_cannot_read_for_dead_places) {
    const std::string soon = std::to_string(node.time_us() + hour_us);
    const std::vector<std::string> rubbish{"",
                                           " ",
                                           "x",
                                           "1",
                                           "1 ",
                                           " " + soon,
                                           "1  " + soon,
                                           "1 " + soon + " ",
                                           "1 " + soon + " 3",
                                           "-1 " + soon,
                                           "1.5 " + soon,
                                           "0x1 " + soon,
                                           "1e1 " + soon,
                                           "nan nan",
                                           "inf inf",
                                           "1 nan",
                                           std::string{"1\0 ", 3} + soon,
                                           "9007199254740992 " + soon,
                                           "1 9007199254740992",
                                           "1 " + std::string(400, '9')};
    for (const std::string& value : rubbish) {
        SCOPED_TRACE(value);
        write("a-1", value);
        write("", value);
        hold();
        EXPECT_THAT(node.acquire_in_line({.longest = 1}), busy_with(hour_ms, "first", 0));
        EXPECT_EQ(fields(), 1);
        set_free();
        // One's own field, too.
        write("a-1", value);
        write("me-1", value);
        EXPECT_EQ(node.acquire_in_line({}), "granted\n0");
        EXPECT_EQ(fields(), 0);
    }
}

TEST_F(acquire_in_line_upkeep, takes_a_call_that_it_cannot_read_for_none) {
    stand("a-1", 10);
    const std::string future = std::to_string(node.time_us() + 5 * hour_us);
    for (const std::string& value :
         {std::string{}, std::string{"x"}, std::string{"1 1"}, std::string{"-1"},
          std::string(400, '9'),
          // From before the clock was set back: it would hold up the line for as long.
          future}) {
        SCOPED_TRACE(value);
        write(call_of("a-1"), value);
        EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 1));
        EXPECT_THAT(called_since("a-1"), AllOf(Ge(node.time_us() - hour_us), Le(node.time_us())));
        EXPECT_EQ(called(), "a-1");
        write(call_of("a-1"), value);
        hold();
        EXPECT_THAT(node.acquire_in_line({}), StartsWith("0\n"));
        EXPECT_EQ(called(), "");
        set_free();
    }
}

TEST_F(acquire_in_line_upkeep, keeps_one_call_at_most) {
    stand("a-1", 10);
    stand("b-1", 20);
    call("b-1", minute_us);
    call("gone-1", 2 * hour_us);
    write(call_of(""), "1");
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 2));
    EXPECT_EQ(called(), "a-1");
    call("b-1", minute_us);
    hold();
    EXPECT_THAT(node.acquire_in_line({}), busy_with(hour_ms, "first", 2));
    EXPECT_EQ(called(), "");
}

TEST_F(acquire_in_line_upkeep, is_empty_when_the_one_called_and_the_one_who_called_have_left) {
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 1));
    for (const std::string place : {"a-1", "me-1"}) {
        node.server.command({"HDEL", node.line, place, call_of(place)});
    }
    EXPECT_EQ(fields(), 0);
}

TEST_F(acquire_in_line_upkeep, clears_away_more_rubbish_than_a_call_can_take) {
    std::vector<std::string> command{"HSET", node.line};
    for (int i = 0; i < 20'000; ++i) {
        command.push_back(std::to_string(i) + "-1");
        command.emplace_back("rubbish");
    }
    node.server.command(command);
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_in_line({}), called_for_another(hour_ms, 1));
    EXPECT_EQ(fields(), 3);
}

TEST_F(acquire_in_line_upkeep, does_without_a_line_where_its_key_is_of_another_type) {
    node.server.command({"RPUSH", node.line, "theirs"});
    hold();
    EXPECT_THAT(node.acquire_in_line({}), busy_with(hour_ms, "first", 0));
    set_free();
    EXPECT_EQ(node.acquire_in_line({}), "granted\n0");
    const std::int64_t fence = std::stoll(node.server.get(node.fence).value_or("0"));
    set_free();
    EXPECT_THAT(node.acquire_in_line({.ballot = fence}), StartsWith("-1\n"));
    EXPECT_EQ(node.server.command({"LRANGE", node.line, "0", "-1"}), "theirs");
    EXPECT_EQ(node.server.pttl(node.line), -1);
}

TEST_F(acquire_in_line_upkeep, gives_no_vote_where_it_may_not_read_the_line) {
    // To compete there as without a line would be unfair without anybody noticing.
    node.server.command({"ACL", "SETUSER", "default", "-hgetall"});
    EXPECT_THAT(node.acquire_in_line({}), StartsWith("(error)"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
}

TEST_F(acquire_in_line_upkeep, needs_no_more_commands_than_the_page_on_keys_lists) {
    stand("a-1", 10);
    stand("b-1", 20);
    stand("dead-1", 1, -1);
    node.server.command({"ACL", "SETUSER", "default", "-@all", "+eval", "+time", "+set", "+get",
                         "+del", "+pttl", "+pexpire", "+hgetall", "+hset", "+hdel"});
    EXPECT_THAT(node.acquire_in_line({}), StartsWith("-3\n"));
    EXPECT_EQ(node.acquire_in_line({.place = "a-1", .holder_record = "x"}), "granted\n2");
    EXPECT_THAT(node.acquire_in_line({.place_lease_ms = 9 * hour_ms}), StartsWith("0\n"));
    set_free();
    EXPECT_THAT(node.acquire_in_line({.ballot = node.time_us() - minute_us, .ticket = 1}),
                StartsWith("-3\n"));
    EXPECT_THAT(
        node.acquire_in_line({.ballot = node.time_us() - minute_us, .place = "b-1", .ticket = 20}),
        StartsWith("-1\n"));
}

}  // namespace
}  // namespace redlock::scripts
