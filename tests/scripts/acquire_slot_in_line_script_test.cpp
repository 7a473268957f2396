// ACQUIRE SLOT IN LINE on a real server: the line is the semaphore's, the slot is a lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/slots_fixture.hpp"
#include "support/redis_peer.hpp"

namespace redlock::scripts {
namespace {

using testing::StartsWith;

using acquire_slot_in_line_script = slots_fixture;

TEST_F(acquire_slot_in_line_script, grants_a_free_slot_where_nobody_is_ahead) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire_slot({.slot = 2, .token = "t", .ballot = ballot, .place = "me-1"}),
              "granted\n0");
    EXPECT_EQ(node.server.get(lock_of(2)), "t");
    EXPECT_EQ(node.server.get(fence_of(2)), std::to_string(ballot));
    EXPECT_EQ(node.server.get(permits), "3");
    EXPECT_THAT(node.server.pttl(permits), fresh(2 * hour_ms));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "3");
}

TEST_F(acquire_slot_in_line_script, takes_a_place_where_all_slots_are_taken) {
    hold(0);
    hold(1);
    hold(2);
    stand("a-1", 10);
    call("a-1", minute_us);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1, .place = "me-1"}), hour_ms),
              "0\nfirst\n1");
    EXPECT_TRUE(in_line("me-1"));
    EXPECT_EQ(called(), "") << "nothing is free for whoever was called";
    EXPECT_EQ(node.server.get(fence_of(1)), "0 ") << "the mark lies on the slot that was asked for";
    EXPECT_EQ(node.server.command({"EXISTS", fence_of(0)}), "0");
}

TEST_F(acquire_slot_in_line_script, sends_to_a_free_slot_and_leaves_the_call_alone) {
    hold(1);
    stand("a-1", 10);
    call("a-1", minute_us);
    EXPECT_EQ(without_lease(node.acquire_slot({.slot = 1, .place = "me-1"}), hour_ms),
              "0\nfirst\n1\n2\n0");
    EXPECT_EQ(called(), "a-1");
    EXPECT_FALSE(in_line("me-1")) << "it goes on at once";
    // Its place, if it has one, is renewed.
    node.server.command(
        {"HSET", line, "me-1", "100 " + std::to_string(node.time_us() + minute_us)});
    const std::string before = node.server.command({"HGET", line, "me-1"});
    ASSERT_THAT(node.acquire_slot({.slot = 1, .place = "me-1"}), StartsWith("0\n"));
    EXPECT_NE(node.server.command({"HGET", line, "me-1"}), before);
}

TEST_F(acquire_slot_in_line_script, leaves_a_free_slot_to_the_first_of_the_line) {
    stand("a-1", 10);
    EXPECT_THAT(node.acquire_slot({.slot = 1, .place = "me-1"}), StartsWith("-3\n"));
    EXPECT_EQ(called(), "a-1");
    EXPECT_EQ(node.acquire_slot({.slot = 0, .token = "a", .place = "a-1"}), "granted\n1");
    EXPECT_EQ(called(), "");
    EXPECT_FALSE(in_line("a-1"));
    EXPECT_EQ(node.acquire_slot({.slot = 1, .token = "me", .place = "me-1"}), "granted\n0");
}

TEST_F(acquire_slot_in_line_script, tells_of_any_slot_that_the_called_one_takes) {
    support::redis_peer listener{node.server.port()};
    support::redis_peer asker{node.server.port()};
    const std::string id = listener.ask({"CLIENT", "ID"});
    listener.ask({"SUBSCRIBE", "__redis__:invalidate"});
    asker.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", id, "NOLOOP"});
    stand("a-1", 10);
    ASSERT_THAT(asker.ask(node.acquire_slot_command({.slot = 1, .place = "me-1"})),
                StartsWith("-3\n"));
    ASSERT_EQ(node.acquire_slot({.slot = 2, .token = "a", .place = "a-1"}), "granted\n1");
    EXPECT_EQ(listener.next(), "message\n__redis__:invalidate\n" + lock_of(2));
}

TEST_F(acquire_slot_in_line_script, passes_over_the_first_who_does_not_come_for_any_slot) {
    hold(0);
    stand("a-1", 10);
    ASSERT_THAT(node.acquire_slot({.slot = 1, .place = "me-1"}), StartsWith("-3\n"));
    // Others who find their slot taken meanwhile do not begin the grace anew.
    ASSERT_THAT(node.acquire_slot({.slot = 0, .place = "b-1", .ticket = 200}), StartsWith("0\n"));
    EXPECT_EQ(called(), "a-1");
    call("a-1", minute_us);
    EXPECT_EQ(node.acquire_slot({.slot = 1, .place = "me-1", .grace_ms = 1}), "granted\n0");
    EXPECT_FALSE(in_line("a-1"));
}

TEST_F(acquire_slot_in_line_script, keeps_the_mark_while_others_stand_in_line) {
    stand("b-1", 200);
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire_slot({.ballot = ballot, .place = "me-1"}), "granted\n1");
    EXPECT_EQ(node.server.get(fence_of(0)), std::to_string(ballot) + " ");
}

TEST_F(acquire_slot_in_line_script, refuses_another_number_of_permits_and_takes_no_place) {
    write(permits, "2");
    EXPECT_EQ(node.acquire_slot({.place = "me-1"}), "-5\n2");
    EXPECT_FALSE(in_line("me-1"));
}

TEST_F(acquire_slot_in_line_script, refuses_a_stale_ballot_and_writes_the_holder_record) {
    const std::int64_t now = node.time_us();
    write(fence_of(0), std::to_string(now));
    EXPECT_THAT(node.acquire_slot({.ballot = now, .place = "me-1"}), StartsWith("-1\n"));
    EXPECT_EQ(node.acquire_slot({.ballot = now + 1, .place = "me-1", .holder_record = "details"}),
              "granted\n0");
    EXPECT_EQ(node.server.get("redlock:holder::" + lock_of(0)), "details");
}

TEST_F(acquire_slot_in_line_script, marks_those_who_wait_without_fencing_too) {
    stand("b-1", 200);
    EXPECT_EQ(node.acquire_slot({.place = "me-1", .fenced = false}), "granted\n1");
    EXPECT_EQ(node.server.get(fence_of(0)), "0 ");
    node.server.command({"DEL", line, lock_of(0)});
    EXPECT_EQ(node.acquire_slot({.place = "me-1", .fenced = false}), "granted\n0");
    EXPECT_EQ(node.server.command({"EXISTS", fence_of(0)}), "0");
}

}  // namespace
}  // namespace redlock::scripts
