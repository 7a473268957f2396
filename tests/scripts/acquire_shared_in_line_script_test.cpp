// ACQUIRE SHARED IN LINE on a real server: a reader stands back from writers that came before it,
// and from no other readers. What both scripts for the line have in common is tested with the plain
// one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "scripts/readers_fixture.hpp"
#include "support/redis_peer.hpp"

namespace redlock::scripts {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class acquire_shared_in_line_script : public readers_fixture {
  protected:
    /// Others read already, since long before.
    void others_read() const {
        begin_set(node.time_us() - minute_us);
        put("other");
    }
};

TEST_F(acquire_shared_in_line_script, grants_where_nobody_stands_in_line) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(acquire_shared_in_line({.of = {.token = "t", .ballot = ballot, .last = ballot + 5}}),
              "TIME\n0");
    EXPECT_TRUE(has_marker());
    EXPECT_TRUE(reads("t"));
    EXPECT_EQ(fence(), std::to_string(ballot + 5));
    EXPECT_EQ(node.server.command({"EXISTS", node.line}), "0");
    EXPECT_EQ(acquire_shared_in_line({.of = {.token = "u", .ballot = ballot + 1}}), "TIME\n0");
    EXPECT_TRUE(reads("u"));
}

TEST_F(acquire_shared_in_line_script, is_not_held_up_by_readers_before_it) {
    for (const bool is_free : {true, false}) {
        stand("shared-a", 10);
        stand("shared-", 20);
        if (!is_free) {
            others_read();
        }
        EXPECT_EQ(acquire_shared_in_line({}), "TIME\n2");
        EXPECT_TRUE(reads("me"));
        EXPECT_TRUE(in_line("shared-a"));
        node.server.command({"FLUSHALL"});
    }
}

TEST_F(acquire_shared_in_line_script, is_held_up_by_whatever_place_is_no_readers) {
    for (const std::string id : {"writer-1", "Shared-1", "shared1-", "-shared-", "share-d"}) {
        SCOPED_TRACE(id);
        stand(id, 10);
        EXPECT_THAT(acquire_shared_in_line({}), called_for_another(hour_ms, 1));
        EXPECT_EQ(called(), id);
        node.server.command({"FLUSHALL"});
    }
}

TEST_F(acquire_shared_in_line_script, has_a_writer_called_where_the_lock_is_free) {
    stand("writer-1", 10);
    stand("writer-2", 20);
    EXPECT_THAT(acquire_shared_in_line({.ticket = 50}), called_for_another(hour_ms, 2));
    EXPECT_EQ(called(), "writer-1");
    EXPECT_EQ(ticket_of("shared-me"), 50);
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(fence(), "0 ");
}

// Two who call different places would each end the other's call, and with a dead reader at the head
// nobody would ever be passed over.
TEST_F(acquire_shared_in_line_script, calls_whom_a_writer_calls_too) {
    stand("shared-a", 5);
    stand("writer-1", 10);
    EXPECT_THAT(acquire_shared_in_line({.ticket = 50}), called_for_another(hour_ms, 2));
    EXPECT_EQ(called(), "shared-a");
    EXPECT_EQ(node.acquire_in_line({.token = "w", .place = "writer-1", .ticket = 10}).substr(0, 2),
              "-3")
        << "a writer waits for readers before it, as for anybody";
    EXPECT_EQ(called(), "shared-a");
    EXPECT_EQ(acquire_shared_in_line({.of = {.token = "a"}, .place = "shared-a", .ticket = 5}),
              "TIME\n2");
}

TEST_F(acquire_shared_in_line_script, has_a_writer_called_where_readers_have_the_lock) {
    others_read();
    stand("writer-1", 10);
    const auto before = members();
    // With ten times the grace, since nothing wakes it.
    EXPECT_THAT(acquire_shared_in_line({}), called_for_another(10 * hour_ms, 1));
    EXPECT_EQ(called(), "writer-1");
    EXPECT_TRUE(in_line("shared-me"));
    EXPECT_EQ(members(), before);
    // The writer looks again while it waits, so that it is not passed over.
    EXPECT_THAT(node.acquire_in_line({.token = "w", .place = "writer-1", .ticket = 10}),
                HasSubstr("\nredlock:shared\n0"));
    EXPECT_EQ(called(), "");
    ASSERT_EQ(release_shared({.token = "other"}), "1");
    EXPECT_EQ(node.acquire_in_line({.token = "w", .place = "writer-1", .ticket = 10}),
              "granted\n1");
    EXPECT_THAT(acquire_shared_in_line({}), busy_with(hour_ms, "w", 0));
}

TEST_F(acquire_shared_in_line_script, passes_over_a_writer_that_does_not_come) {
    for (const bool is_free : {true, false}) {
        stand("writer-1", 10);
        stand("writer-2", 20);
        stand("shared-me", 100);
        if (!is_free) {
            others_read();
        }
        const std::int64_t graces = is_free ? 1 : 10;
        call("writer-1", graces * hour_us + minute_us);
        EXPECT_THAT(acquire_shared_in_line({}), called_for_another(graces * hour_ms, 1));
        EXPECT_FALSE(in_line("writer-1"));
        EXPECT_EQ(called(), "writer-2");
        call("writer-2", graces * hour_us + minute_us);
        EXPECT_EQ(acquire_shared_in_line({}), "TIME\n0");
        EXPECT_FALSE(in_line("writer-2"));
        EXPECT_EQ(fields(), 0) << "its own place goes, too";
        node.server.command({"FLUSHALL"});
    }
}

TEST_F(acquire_shared_in_line_script, waits_for_the_one_called_as_long_as_its_grace_lasts) {
    others_read();
    stand("writer-1", 10);
    call("writer-1", 20 * minute_us);
    EXPECT_THAT(acquire_shared_in_line({}), called_for_another(10 * hour_ms - 20 * minute_ms, 1));
    EXPECT_TRUE(in_line("writer-1"));
    EXPECT_FALSE(reads("me"));
}

TEST_F(acquire_shared_in_line_script, is_not_held_up_by_writers_that_came_later_or_are_dead) {
    others_read();
    stand("writer-1", 200);
    stand("dead-1", 5, -1);
    set_fence(5, " ");
    EXPECT_EQ(acquire_shared_in_line({}), "TIME\n1");
    EXPECT_TRUE(reads("me"));
    EXPECT_FALSE(in_line("dead-1"));
    EXPECT_THAT(fence(), testing::Optional(EndsWith(" "))) << "somebody waits still";
}

TEST_F(acquire_shared_in_line_script, says_who_has_it_and_takes_a_place) {
    hold("writer");
    stand("shared-a", 5);
    stand("writer-2", 10);
    call("writer-2", minute_us);
    EXPECT_THAT(acquire_shared_in_line({.ticket = 50}), busy_with(hour_ms, "writer", 2));
    EXPECT_EQ(ticket_of("shared-me"), 50);
    EXPECT_EQ(called(), "");
    EXPECT_EQ(fence(), "0 ");
    node.server.command({"FLUSHALL"});
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_EQ(acquire_shared_in_line({}), "0\n-1\n\n0");
}

TEST_F(acquire_shared_in_line_script, is_busy_where_readers_are_that_nobody_knows) {
    node.server.command({"SET", node.lock, "redlock:shared", "PX", std::to_string(hour_ms)});
    EXPECT_THAT(acquire_shared_in_line({}), busy_with(hour_ms, "redlock:shared", 0));
    EXPECT_EQ(node.server.command({"EXISTS", readers}), "0");
    EXPECT_TRUE(in_line("shared-me"));
}

TEST_F(acquire_shared_in_line_script, keeps_its_place_when_stale) {
    stand("shared-me", 100);
    const std::int64_t bound = node.time_us();
    set_fence(bound);
    EXPECT_THAT(acquire_shared_in_line({.of = {.ballot = bound}}),
                StartsWith("-1\n" + std::to_string(bound) + "\nTIME\n"));
    begin_set(bound);
    put("other");
    EXPECT_THAT(acquire_shared_in_line({.of = {.ballot = bound}}),
                StartsWith("-1\n" + std::to_string(bound) + "\nTIME\n"));
    EXPECT_TRUE(in_line("shared-me"));
    EXPECT_FALSE(has_member(":me"));
    set_fence(bound + 1000);
    EXPECT_EQ(acquire_shared_in_line({.of = {.ballot = bound + 1}}), "TIME\n0");
}

TEST_F(acquire_shared_in_line_script, takes_no_place_for_who_was_released_with_a_bar) {
    others_read();
    entomb("me");
    const std::string before = everything();
    EXPECT_EQ(acquire_shared_in_line({}), "-4\nTIME");
    EXPECT_EQ(everything(), before);
}

TEST_F(acquire_shared_in_line_script, refuses_ballots_outside_the_window) {
    EXPECT_EQ(acquire_shared_in_line({.of = {.ballot = node.time_us() + hour_us + minute_us}}),
              "-2\nTIME");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(acquire_shared_in_line_script, clears_the_mark_for_nobody_even_behind_a_higher_fence) {
    others_read();
    const std::int64_t ballot = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(ballot + 5) + " ", "PX", "5000"});
    EXPECT_EQ(acquire_shared_in_line({.of = {.ballot = ballot}}), "TIME\n0");
    EXPECT_EQ(fence(), std::to_string(ballot + 5));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    stand("shared-b", 200);
    EXPECT_EQ(acquire_shared_in_line({.of = {.token = "c", .ballot = ballot}}), "TIME\n1");
    EXPECT_EQ(fence(), std::to_string(ballot + 5) + " ") << "and sets it where it was lost";
}

TEST_F(acquire_shared_in_line_script, without_fencing_keeps_the_mark_alone) {
    stand("shared-b", 200);
    EXPECT_EQ(acquire_shared_in_line({.of = {.fenced = false}}), "TIME\n1");
    EXPECT_EQ(fence(), "0 ");
    EXPECT_EQ(acquire_shared_in_line(
                  {.of = {.token = "b", .fenced = false}, .place = "shared-b", .ticket = 200}),
              "TIME\n0");
    EXPECT_EQ(fence(), std::nullopt);
}

TEST_F(acquire_shared_in_line_script, keeps_the_holder_record) {
    ASSERT_EQ(acquire_shared_in_line({.of = {.record = "details"}}), "TIME\n0");
    EXPECT_EQ(score("=2 medetails"), -score(":me").value_or(0));
}

TEST_F(acquire_shared_in_line_script, does_without_a_line_where_its_key_is_of_another_type) {
    node.server.command({"RPUSH", node.line, "theirs"});
    EXPECT_EQ(acquire_shared_in_line({}), "TIME\n0");
    EXPECT_EQ(node.server.command({"LRANGE", node.line, "0", "-1"}), "theirs");
}

TEST_F(acquire_shared_in_line_script, writes_nothing_where_the_memory_is_full) {
    others_read();
    const std::string before = everything();
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_THAT(acquire_shared_in_line({}), StartsWith("(error) OOM"));
    EXPECT_EQ(everything(), before);
}

TEST_F(acquire_shared_in_line_script, has_whoever_waits_told_of_the_locks_next_change) {
    support::redis_peer listener{node.server.port()};
    support::redis_peer asker{node.server.port()};
    const std::string id = listener.ask({"CLIENT", "ID"});
    listener.ask({"SUBSCRIBE", "__redis__:invalidate"});
    asker.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", id, "NOLOOP"});
    others_read();
    stand("writer-1", 10);
    ASSERT_THAT(asker.ask(acquire_shared_in_line_command({})), StartsWith("-3\n"));
    ASSERT_EQ(release_shared({.token = "other"}), "1");
    asker.ask({"GET", "end"});
    node.server.command({"SET", "end", "x"});
    std::vector<std::string> heard;
    do {
        heard.push_back(listener.next());
    } while (heard.back().find("end") == std::string::npos);
    EXPECT_THAT(heard, testing::Contains(testing::AnyOf(node.lock, HasSubstr("\n" + node.lock))));
}

}  // namespace
}  // namespace redlock::scripts
