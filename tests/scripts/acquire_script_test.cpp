// ACQUIRE on a real server, rule by rule: who is granted, who is refused, and that a refusal leaves
// the node exactly as it was. What these rules protect is in docs; here each has a test that fails
// without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/script_node.hpp"

namespace redlock::scripts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::int64_t limit = std::int64_t{1} << 53;

/// The fence first; when it was said and when the fence ends, come after it.
auto stale_at(std::int64_t fence) {
    return testing::StartsWith("-1\n" + std::to_string(fence) + "\n");
}

class acquire_script : public testing::Test {
  protected:
    script_node node;
};

TEST_F(acquire_script, grants_a_free_lock_and_raises_the_fence) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire({.token = "t", .ballot = ballot, .last = ballot + 5}), "granted");
    EXPECT_EQ(node.server.get(node.lock), "t");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 5));
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "2");
}

TEST_F(acquire_script, says_who_holds_a_busy_lock_and_for_how_long) {
    ASSERT_EQ(node.acquire({.token = "first"}), "granted");
    const auto fence = node.server.get(node.fence);
    const std::string answer = node.acquire({.token = "second", .lease_ms = 5 * hour_ms});
    ASSERT_THAT(answer, testing::StartsWith("0\n"));
    EXPECT_THAT(answer, testing::EndsWith("\nfirst"));
    EXPECT_THAT(std::stoll(answer.substr(2)), fresh(hour_ms));
    EXPECT_EQ(node.server.get(node.lock), "first");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_EQ(node.server.get(node.fence), fence);
}

TEST_F(acquire_script, is_busy_for_its_own_token_too) {
    // An ACQUIRE is never sent twice; if somebody uses one identifier twice, the second waits.
    ASSERT_EQ(node.acquire({.token = "t"}), "granted");
    EXPECT_THAT(node.acquire({.token = "t"}), testing::EndsWith("\nt"));
}

TEST_F(acquire_script, respects_a_lock_of_another_library_without_an_expiry) {
    node.server.command({"SET", node.lock, "theirs"});
    EXPECT_EQ(node.acquire({}), "0\n-1\ntheirs");
    EXPECT_EQ(node.server.get(node.lock), "theirs");
    EXPECT_EQ(node.server.get(node.fence), std::nullopt);
}

TEST_F(acquire_script, is_busy_where_the_lock_key_is_of_another_type) {
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_EQ(node.acquire({}), "0\n-1\n");
    EXPECT_EQ(node.server.command({"TYPE", node.lock}), "list");
}

TEST_F(acquire_script, takes_equality_with_the_fence_for_stale) {
    const std::int64_t fence = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(fence)});
    EXPECT_THAT(node.acquire({.ballot = fence}), stale_at(fence));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.acquire({.ballot = fence + 1}), "granted");
}

TEST_F(acquire_script, leaves_nothing_but_the_old_fence_when_stale) {
    const std::int64_t fence = node.time_us();
    const std::string written = std::to_string(fence);
    node.server.command({"SET", node.fence, written, "PX", std::to_string(hour_ms)});
    const std::string answer =
        node.acquire({.ballot = fence - 7, .last = fence + 9, .holder_record = "x"});
    EXPECT_THAT(answer, stale_at(fence));
    EXPECT_THAT(std::stoll(answer.substr(answer.rfind('\n') + 1)), fresh(hour_ms));
    EXPECT_EQ(node.server.get(node.fence), written);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms)) << "it lives no longer for that";
    EXPECT_EQ(node.server.command({"DBSIZE"}), "1");
}

TEST_F(acquire_script, judges_the_first_ballot_of_a_block_and_stores_the_last) {
    const std::int64_t first = node.time_us();
    ASSERT_EQ(node.acquire({.token = "a", .ballot = first, .last = first + 1023}), "granted");
    ASSERT_EQ(node.release({.token = "a"}), "1");
    // Its own last ballot above the fence does not help a block that begins inside another.
    EXPECT_THAT(node.acquire({.token = "b", .ballot = first + 1023, .last = first + 2046}),
                stale_at(first + 1023));
    EXPECT_EQ(node.acquire({.token = "b", .ballot = first + 1024}), "granted");
}

TEST_F(acquire_script, refuses_a_ballot_ahead_of_its_clock) {
    const std::int64_t before = node.time_us();
    const std::string answer = node.acquire({.ballot = before + hour_us + minute_us});
    ASSERT_THAT(answer, testing::StartsWith("-2\n"));
    EXPECT_GE(std::stoll(answer.substr(3)), before);
    EXPECT_LE(std::stoll(answer.substr(3)), node.time_us());
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(acquire_script, refuses_a_ballot_behind_its_clock) {
    EXPECT_THAT(node.acquire({.ballot = node.time_us() - hour_us - 1}),
                testing::StartsWith("-2\n"));
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(acquire_script, accepts_ballots_up_to_either_side_of_the_window) {
    EXPECT_EQ(node.acquire({.ballot = node.time_us() - hour_us + minute_us}), "granted");
    node.server.command({"DEL", node.lock});
    EXPECT_EQ(node.acquire({.ballot = node.time_us() + hour_us - minute_us}), "granted");
}

TEST_F(acquire_script, looks_at_the_window_before_it_tells_of_a_holder) {
    ASSERT_EQ(node.acquire({.token = "first"}), "granted");
    EXPECT_THAT(node.acquire({.ballot = 1}), testing::StartsWith("-2\n"));
}

TEST_F(acquire_script, tells_neighbours_apart_up_to_the_limit) {
    const script_node::acquire_call almost{.ballot = limit - 2, .window_us = limit};
    const script_node::acquire_call highest{.ballot = limit - 1, .window_us = limit};
    ASSERT_EQ(node.acquire(almost), "granted");
    node.server.command({"DEL", node.lock});
    EXPECT_THAT(node.acquire(almost), stale_at(limit - 2));
    EXPECT_EQ(node.acquire(highest), "granted");
    node.server.command({"DEL", node.lock});
    EXPECT_THAT(node.acquire(highest), stale_at(limit - 1));
    EXPECT_THAT(node.acquire(almost), stale_at(limit - 1));
    EXPECT_EQ(node.server.get(node.fence), "9007199254740991");
}

TEST_F(acquire_script, keeps_the_holder_key_as_long_as_the_lock) {
    ASSERT_EQ(node.acquire({.holder_record = std::string{"7 2 me\0\r\n{}", 11}}), "granted");
    EXPECT_EQ(node.server.get(node.holder), (std::string{"7 2 me\0\r\n{}", 11}));
    EXPECT_THAT(node.server.pttl(node.holder), fresh(hour_ms));
}

TEST_F(acquire_script, leaves_the_holders_details_alone_when_busy) {
    ASSERT_EQ(node.acquire({.token = "first", .holder_record = "details"}), "granted");
    ASSERT_THAT(node.acquire({.token = "second", .holder_record = "others"}), HasSubstr("first"));
    EXPECT_EQ(node.server.get(node.holder), "details");
}

TEST_F(acquire_script, takes_a_fence_that_is_no_number_for_none) {
    node.server.command({"SET", node.fence, "garbage"});
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot));
}

TEST_F(acquire_script, fails_where_the_fence_key_is_of_another_type) {
    node.server.command({"RPUSH", node.fence, "a"});
    EXPECT_THAT(node.acquire({.token = "t"}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
}

TEST_F(acquire_script, tells_of_a_holder_before_it_tells_of_the_fence) {
    ASSERT_EQ(node.acquire({.token = "first"}), "granted");
    const std::int64_t fence = node.time_us() + minute_us;
    node.server.command({"SET", node.fence, std::to_string(fence)});
    EXPECT_THAT(node.acquire({.ballot = fence}), testing::EndsWith("\nfirst"));
}

TEST_F(acquire_script, leaves_a_free_lock_to_those_who_are_marked_as_waiting) {
    const std::string marked = std::to_string(node.time_us()) + " ";
    node.server.command({"SET", node.fence, marked, "PX", std::to_string(hour_ms)});
    EXPECT_EQ(node.acquire({.yields = true}), "-3\n0\n1");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), marked);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(hour_ms));
    // Whoever is not of those takes it, and the mark stays.
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.acquire({.token = "t", .ballot = ballot}), "granted");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot) + " ");
    EXPECT_THAT(node.acquire({.yields = true}), testing::EndsWith("\nt"));
}

TEST_F(acquire_script, takes_the_mark_for_no_part_of_the_number) {
    const std::int64_t fence = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(fence) + " "});
    for (const bool yields : {false, true}) {
        EXPECT_THAT(node.acquire({.ballot = fence, .yields = yields}), stale_at(fence));
    }
    EXPECT_EQ(node.acquire({.ballot = fence + 1}), "granted");
}

TEST_F(acquire_script, takes_a_free_lock_of_which_nobody_is_marked_as_waiting) {
    node.server.command({"SET", node.fence, std::to_string(node.time_us())});
    EXPECT_EQ(node.acquire({.yields = true}), "granted");
}

TEST_F(acquire_script, costs_four_calls_when_granted) {
    node.forget_calls();
    const std::int64_t ballot = node.time_us();  // One TIME of our own.
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 1), Pair("set", 2), Pair("time", 2)));
}

TEST_F(acquire_script, costs_five_calls_when_busy) {
    ASSERT_EQ(node.acquire({.token = "first"}), "granted");
    const std::int64_t ballot = node.time_us();
    node.forget_calls();
    ASSERT_THAT(node.acquire({.ballot = ballot}), HasSubstr("first"));
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 2), Pair("pttl", 1), Pair("set", 1), Pair("time", 1)));
}

TEST_F(acquire_script, without_fencing_looks_at_no_fence_and_writes_none) {
    const std::string far = std::to_string(node.time_us() + 5 * hour_us);
    node.server.command({"SET", node.fence, far});
    EXPECT_EQ(node.acquire({.token = "t", .window_us = 1, .fenced = false}), "granted");
    EXPECT_EQ(node.server.get(node.lock), "t");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
    EXPECT_EQ(node.server.get(node.fence), far);
    EXPECT_EQ(node.server.command({"DBSIZE"}), "2");
    EXPECT_THAT(node.acquire({.token = "second", .fenced = false}), testing::EndsWith("\nt"));
}

TEST_F(acquire_script, without_fencing_leaves_a_free_lock_to_the_line) {
    node.server.command({"SET", node.fence, "0 "});
    EXPECT_EQ(node.acquire({.yields = true, .fenced = false}), "-3\n0\n1");
    EXPECT_EQ(node.acquire({.fenced = false}), "granted");
    EXPECT_EQ(node.server.get(node.fence), "0 ");
}

}  // namespace
}  // namespace redlock::scripts
