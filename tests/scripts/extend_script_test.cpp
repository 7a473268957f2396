// EXTEND and STATUS on a real server: a lease is prolonged for its holder only, never shortened and
// never made anew, and the fence is kept alive with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "scripts/script_node.hpp"

namespace redlock::scripts {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::Pair;

class extend_script : public testing::Test {
  protected:
    /// Takes the lock as "me" with a lease of an hour; its ballot.
    std::int64_t held(const std::string& holder_record = {}) {
        const std::int64_t ballot = node.time_us();
        EXPECT_EQ(node.acquire({.ballot = ballot, .holder_record = holder_record}), "granted");
        return ballot;
    }
    [[nodiscard]] std::int64_t lease() const { return node.server.pttl(node.lock); }

    script_node node;
};

TEST_F(extend_script, prolongs_the_lease_of_its_holder) {
    held();
    EXPECT_EQ(node.extend({.lease_ms = 10 * hour_ms}), "extended");
    EXPECT_GT(lease(), 9 * hour_ms);
    EXPECT_EQ(node.server.get(node.lock), "me");
}

TEST_F(extend_script, never_shortens_a_lease) {
    held();
    EXPECT_EQ(node.extend({.lease_ms = 1000}), "extended");
    EXPECT_GT(lease(), hour_ms / 2);
}

TEST_F(extend_script, gives_a_lease_to_a_lock_that_has_none) {
    node.server.command({"SET", node.lock, "me"});
    EXPECT_EQ(node.extend({.lease_ms = hour_ms}), "extended");
    EXPECT_GT(lease(), hour_ms / 2);
}

TEST_F(extend_script, changes_nothing_for_another_token) {
    const auto ballot = held();
    EXPECT_EQ(node.extend({.token = "you", .last = ballot + 9, .lease_ms = 10 * hour_ms}), "0");
    EXPECT_LE(lease(), hour_ms);
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot));
}

TEST_F(extend_script, never_creates_a_lock) {
    EXPECT_EQ(node.extend({.last = node.time_us()}), "-1");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "0");
}

TEST_F(extend_script, raises_a_fence_that_is_behind) {
    const auto ballot = held();
    EXPECT_EQ(node.extend({.last = ballot + 9}), "extended");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot + 9));
}

TEST_F(extend_script, never_lowers_a_fence_but_keeps_it_alive) {
    const auto ballot = held();
    const std::string higher = std::to_string(ballot + 100);
    node.server.command({"SET", node.fence, higher, "PX", "100000"});
    EXPECT_EQ(node.extend({.last = ballot}), "extended");
    EXPECT_EQ(node.server.get(node.fence), higher);
    EXPECT_GT(node.server.pttl(node.fence), hour_ms);
}

TEST_F(extend_script, puts_back_a_fence_that_was_lost) {
    const auto ballot = held();
    node.server.command({"DEL", node.fence});
    EXPECT_EQ(node.extend({.last = ballot}), "extended");
    EXPECT_EQ(node.server.get(node.fence), std::to_string(ballot));
    EXPECT_GT(node.server.pttl(node.fence), hour_ms);
}

TEST_F(extend_script, leaves_the_fence_alone_when_it_knows_no_ballot) {
    node.server.command({"SET", node.lock, "me", "PX", "100000"});
    EXPECT_EQ(node.extend({.last = 0}), "extended");
    EXPECT_EQ(node.server.command({"DBSIZE"}), "1");
    node.server.command({"SET", node.fence, "7", "PX", "100000"});
    EXPECT_EQ(node.extend({.last = 0}), "extended");
    EXPECT_EQ(node.server.get(node.fence), "7");
    EXPECT_LE(node.server.pttl(node.fence), 100'000);
}

TEST_F(extend_script, compares_fences_as_numbers_up_to_the_limit) {
    held();
    node.server.command({"SET", node.fence, "9007199254740990"});
    EXPECT_EQ(node.extend({.last = (std::int64_t{1} << 53) - 1}), "extended");
    EXPECT_EQ(node.server.get(node.fence), "9007199254740991");
    node.server.command({"SET", node.fence, "9"});
    EXPECT_EQ(node.extend({.last = 10}), "extended");
    EXPECT_EQ(node.server.get(node.fence), "10");
}

TEST_F(extend_script, prolongs_the_holder_key_with_the_lock) {
    held("details");
    EXPECT_EQ(node.extend({.lease_ms = 10 * hour_ms, .with_holder_key = true}), "extended");
    EXPECT_GT(node.server.pttl(node.holder), 9 * hour_ms);
    EXPECT_EQ(node.server.get(node.holder), "details");
}

TEST_F(extend_script, writes_another_holder_record_for_as_long_as_the_lock) {
    const auto ballot = held("details");
    EXPECT_EQ(node.extend({.last = ballot, .lease_ms = 10 * hour_ms, .holder_record = "others"}),
              "extended");
    EXPECT_EQ(node.server.get(node.holder), "others");
    EXPECT_GT(node.server.pttl(node.holder), 9 * hour_ms);
    EXPECT_EQ(node.extend({.last = ballot, .lease_ms = 1000, .holder_record = "again"}),
              "extended");
    EXPECT_EQ(node.server.get(node.holder), "again");
    EXPECT_GT(node.server.pttl(node.holder), 9 * hour_ms) << "the lease was longer already";
}

TEST_F(extend_script, writes_a_holder_record_that_is_missing_or_no_text) {
    const auto ballot = held();
    EXPECT_EQ(node.extend({.last = ballot, .holder_record = "details"}), "extended");
    EXPECT_EQ(node.server.get(node.holder), "details");
    node.server.command({"DEL", node.holder});
    node.server.command({"RPUSH", node.holder, "a"});
    EXPECT_EQ(node.extend({.last = ballot, .holder_record = "details"}), "extended");
    EXPECT_EQ(node.server.get(node.holder), "details");
}

TEST_F(extend_script, writes_no_holder_record_that_is_there_already) {
    const auto ballot = held("details");
    node.forget_calls();
    EXPECT_EQ(node.extend({.last = ballot, .holder_record = "details"}), "extended");
    EXPECT_THAT(node.calls(), testing::Not(testing::Contains(Pair("set", 1))));
}

TEST_F(extend_script, writes_no_holder_record_where_the_lock_is_not_ours) {
    const auto ballot = held("details");
    EXPECT_EQ(node.extend({.token = "you", .last = ballot, .holder_record = "yours"}), "0");
    EXPECT_EQ(node.server.get(node.holder), "details");
}

TEST_F(extend_script, writes_a_holder_record_when_memory_is_full) {
    const auto ballot = held("details");
    node.server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(node.extend({.last = ballot, .lease_ms = 1000, .holder_record = "others"}),
              "extended");
    EXPECT_EQ(node.server.get(node.holder), "others");
}

TEST_F(extend_script, fails_where_the_lock_key_is_of_another_type) {
    node.server.command({"RPUSH", node.lock, "a"});
    EXPECT_THAT(node.extend({}), HasSubstr("WRONGTYPE"));
}

TEST_F(extend_script, costs_six_calls_at_most) {
    const auto ballot = held();
    node.forget_calls();
    ASSERT_EQ(node.extend({.last = ballot, .lease_ms = 10 * hour_ms}), "extended");
    EXPECT_THAT(node.calls(),
                ElementsAre(Pair("get", 2), Pair("pexpire", 2), Pair("pttl", 1), Pair("time", 1)));
}

TEST_F(extend_script, costs_two_calls_when_the_lock_is_not_ours) {
    node.forget_calls();
    ASSERT_EQ(node.extend({}), "-1");
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 1), Pair("time", 1)));
}

TEST_F(extend_script, is_seen_by_status_with_everything_else) {
    EXPECT_THAT(node.status(), testing::StartsWith("(nil)\n-2\n(nil)\n(nil)\n"));
    const auto ballot = held("details");
    const std::string told = node.status();
    EXPECT_THAT(told, testing::StartsWith("me\n"));
    EXPECT_THAT(std::stoll(told.substr(3)), Gt(hour_ms / 2));
    EXPECT_THAT(told, testing::HasSubstr("\n" + std::to_string(ballot) + "\ndetails\n"));
}

TEST_F(extend_script, is_as_pure_a_reader_as_it_says_when_it_is_status) {
    held("details");
    node.forget_calls();
    node.status();
    EXPECT_THAT(node.calls(), ElementsAre(Pair("get", 3), Pair("pttl", 2), Pair("time", 1)));
}

}  // namespace
}  // namespace redlock::scripts
