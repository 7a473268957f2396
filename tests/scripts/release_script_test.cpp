// RELEASE on a real server: it deletes what the token holds and nothing else, and with a bar
// nothing of the attempt can appear afterwards, whatever arrives late.
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

class release_script : public testing::Test {
  protected:
    script_node node;
};

TEST_F(release_script, deletes_the_lock_of_its_holder_and_keeps_the_fence) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_EQ(node.release({}), "1");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot));
}

TEST_F(release_script, leaves_another_holder_alone) {
    ASSERT_EQ(node.acquire({.token = "you", .holder_record = "yours"}), "granted");
    EXPECT_EQ(node.release({.token = "me", .with_holder_key = true}), "0");
    EXPECT_EQ(node.server.get(node.lock), "you");
    EXPECT_EQ(node.server.get(node.holder), "yours");
}

TEST_F(release_script, says_that_nothing_was_there) {
    EXPECT_EQ(node.release({}), "0");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(release_script, deletes_the_holder_key_with_the_lock) {
    ASSERT_EQ(node.acquire({.holder_record = "mine"}), "granted");
    EXPECT_EQ(node.release({.with_holder_key = true}), "1");
    EXPECT_EQ(node.server.get(node.holder), std::nullopt);
}

TEST_F(release_script, leaves_a_lock_with_a_minimum_for_what_remains_of_it) {
    ASSERT_EQ(node.acquire({.holder_record = "mine"}), "granted");
    EXPECT_EQ(node.release({.with_holder_key = true, .keep_ms = minute_ms}), "1");
    EXPECT_EQ(node.server.get(node.lock), "me");
    EXPECT_EQ(node.server.get(node.holder), "mine");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
    EXPECT_THAT(node.server.pttl(node.holder), fresh(minute_ms));
}

TEST_F(release_script, never_prolongs_a_lock_for_its_minimum) {
    ASSERT_EQ(node.acquire({.lease_ms = minute_ms}), "granted");
    EXPECT_EQ(node.release({.keep_ms = hour_ms}), "1");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
}

TEST_F(release_script, gives_a_lock_without_end_the_end_of_its_minimum) {
    node.server.command({"SET", node.lock, "me"});
    EXPECT_EQ(node.release({.keep_ms = minute_ms}), "1");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(minute_ms));
}

TEST_F(release_script, leaves_the_lock_of_another_as_it_is_whatever_the_minimum) {
    ASSERT_EQ(node.acquire({.token = "you"}), "granted");
    EXPECT_EQ(node.release({.token = "me", .keep_ms = minute_ms}), "0");
    EXPECT_THAT(node.server.pttl(node.lock), fresh(hour_ms));
}

TEST_F(release_script, bars_late_grants_of_a_lock_with_a_minimum_like_any_other) {
    const std::int64_t ballot = node.time_us();
    EXPECT_EQ(node.release({.bar = ballot + 1, .keep_ms = minute_ms}), "0");
    EXPECT_THAT(node.acquire({.ballot = ballot}), testing::StartsWith("-1\n"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
}

TEST_F(release_script, with_a_bar_makes_the_same_attempt_stale_for_ever) {
    const std::int64_t ballot = node.time_us();
    // The release overtakes its ACQUIRE.
    EXPECT_EQ(node.release({.bar = ballot + 1}), "0");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1));
    EXPECT_GT(node.server.pttl(node.fence), hour_ms);
    EXPECT_THAT(node.acquire({.ballot = ballot}),
                testing::StartsWith("-1\n" + std::to_string(ballot + 1) + "\n"));
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.acquire({.ballot = ballot + 2}), "granted");
}

TEST_F(release_script, with_a_bar_deletes_and_bars_what_was_granted) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    EXPECT_EQ(node.release({.bar = ballot + 1}), "1");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1));
}

TEST_F(release_script, with_a_bar_never_lowers_a_fence) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire({.token = "you", .ballot = ballot + 50}), "granted");
    EXPECT_EQ(node.release({.token = "me", .bar = ballot + 1}), "0");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 50));
    EXPECT_EQ(node.server.get(node.lock), "you");
}

TEST_F(release_script, compares_bars_as_numbers) {
    node.server.command({"SET", node.fence, "9"});
    node.release({.bar = 10});
    EXPECT_EQ(node.server.get(node.fence), "10");
    node.server.command({"SET", node.fence, "9007199254740990"});
    node.release({.bar = (std::int64_t{1} << 53) - 1, .window_us = std::int64_t{1} << 53});
    EXPECT_EQ(node.server.get(node.fence), "9007199254740991");
}

TEST_F(release_script, fails_where_the_lock_key_is_of_another_type_and_leaves_it) {
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_THAT(node.release({}), HasSubstr("WRONGTYPE"));
    EXPECT_EQ(node.server.command({"TYPE", node.lock}), "list");
}

TEST_F(release_script, releases_a_lock_of_another_library_by_its_identifier) {
    node.server.command({"SET", node.lock, "theirs", "PX", "100000"});
    EXPECT_EQ(node.release({.token = "theirs"}), "1");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(release_script, costs_two_calls) {
    ASSERT_EQ(node.acquire({}), "granted");
    node.forget_calls();
    ASSERT_EQ(node.release({}), "1");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("del", 1), Pair("get", 1)));
}

TEST_F(release_script, leaves_out_a_bar_that_would_lock_everybody_out) {
    const std::int64_t now = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = now}), "granted");
    EXPECT_EQ(node.release({.bar = now + 2 * hour_us, .window_us = hour_us}), "1");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(now));
    EXPECT_EQ(node.release({.bar = now + hour_us, .window_us = hour_us}), "0");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(now + hour_us))
        << "as far as the window is one";
}

TEST_F(release_script, costs_five_calls_with_a_bar) {
    const std::int64_t ballot = node.time_us();
    ASSERT_EQ(node.acquire({.ballot = ballot}), "granted");
    node.forget_calls();
    ASSERT_EQ(node.release({.bar = ballot + 1}), "1");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("del", 1), Pair("get", 2), Pair("set", 1), Pair("time", 1)));
}

TEST_F(release_script, with_a_bar_keeps_the_mark_of_those_who_wait) {
    const std::int64_t ballot = node.time_us();
    node.server.command({"SET", node.fence, std::to_string(ballot) + " "});
    node.release({.bar = ballot + 1});
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1) + " ");
    node.release({.bar = ballot});
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 1) + " ");
}

TEST_F(release_script, with_a_bar_lets_a_fence_out_of_reach_live_only_as_long_as_the_bar_must) {
    const std::int64_t now = node.time_us();
    const std::string far = std::to_string(now + 3 * hour_us);
    node.server.command({"SET", node.fence, far, "PX", std::to_string(6 * hour_ms)});
    node.release({.bar = now, .fence_lifetime_ms = 9 * hour_ms});
    EXPECT_THAT(node.server.pttl(node.fence), fresh(6 * hour_ms)) << "no longer";
    node.server.command({"PEXPIRE", node.fence, std::to_string(minute_ms)});
    node.release({.bar = now, .fence_lifetime_ms = 9 * hour_ms});
    EXPECT_EQ(node.server.get(node.fence), far);
    EXPECT_THAT(node.server.pttl(node.fence), fresh(2 * hour_ms)) << "two windows";
}

TEST_F(release_script, tells_of_those_who_wait_in_line) {
    ASSERT_EQ(node.acquire({.fenced = false}), "granted");
    EXPECT_EQ(node.release({.asks_for_waiters = true}), "1");
    node.server.command({"SET", node.fence, "0 "});
    EXPECT_EQ(node.release({.asks_for_waiters = true}), "0") << "it was not there";
    ASSERT_EQ(node.acquire({.fenced = false}), "granted");
    EXPECT_EQ(node.release({.asks_for_waiters = true}), "2");
    EXPECT_EQ(node.server.get(node.lock), std::nullopt);
    EXPECT_EQ(node.server.get(node.fence), "0 ");
}

}  // namespace
}  // namespace redlock::scripts
