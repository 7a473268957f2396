// Acquisitions on real servers: what an attempt leaves on the nodes when it wins, and that it
// leaves nothing when it does not.
#include "driver/acquire_attempt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "driver/attempt_world.hpp"
#include "driver/votes.hpp"
#include "support/redis_server.hpp"

namespace redlock::driver {
namespace {

using core::acquire_outcome;
using support::redis_server;
using testing::HasSubstr;

class acquire_attempt_test : public testing::Test {
  protected:
    std::vector<std::string> urls() const {
        std::vector<std::string> all;
        for (const auto& each : servers) {
            all.push_back(each.url());
        }
        return all;
    }
    /// How many servers have this value under this key.
    std::size_t having(const std::string& key, const std::optional<std::string>& value) const {
        return static_cast<std::size_t>(std::count_if(
            servers.begin(), servers.end(),
            [&](const redis_server& each) { return each.running() && each.get(key) == value; }));
    }
    void on_all(const std::vector<std::string>& command) const {
        for (const auto& each : servers) {
            each.command(command);
        }
    }
    /// How often servers were sent a script in full, but for the greeting, which always is.
    std::size_t bodies_sent() const {
        std::size_t sent = 0;
        for (const auto& each : servers) {
            const std::string stats = each.command({"INFO", "commandstats"});
            const std::string calls = "cmdstat_eval:calls=";
            const auto at = stats.find(calls);
            sent += at == std::string::npos ? 0 : std::stoul(stats.substr(at + calls.size()));
        }
        return sent - servers.size();
    }

    std::array<redis_server, 3> servers;
    attempt_world world{urls()};
};

TEST_F(acquire_attempt_test, holds_the_lock_on_all_nodes_in_the_end) {
    const auto attempt = world.acquire(world.identity());
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world.run_until([&] { return attempt->round().granted().size() == 3; }));
    EXPECT_EQ(having("job", attempt->identity().token().str()), 3U);
    EXPECT_EQ(having("redlock:fence:{job}", std::to_string(attempt->identity().block.last)), 3U);
    EXPECT_EQ(having("redlock:holder:{job}", std::nullopt), 3U);
    EXPECT_TRUE(attempt->why().empty());
    EXPECT_LT(attempt->round().valid_until(), attempt->round().started() + attempt_world::lease);
    EXPECT_EQ(world.pool->open_writes(), 0U);
}

TEST_F(acquire_attempt_test, grows_its_fencing_token_from_holder_to_holder) {
    const auto first = world.acquire(world.identity());
    ASSERT_EQ(world.release(*first), core::release_outcome::released);
    ASSERT_TRUE(world.run_until_settled());
    const auto second = world.acquire(world.identity());
    EXPECT_EQ(second->round().outcome(), acquire_outcome::held);
    EXPECT_GT(second->identity().block.first, first->identity().block.last);
}

TEST_F(acquire_attempt_test, sends_a_script_in_full_only_to_a_node_that_does_not_know_it) {
    ASSERT_EQ(world.acquire(world.identity("a"))->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world.run_until([&] { return having("a", std::nullopt) == 0; }));
    EXPECT_EQ(bodies_sent(), 3U);
    ASSERT_EQ(world.acquire(world.identity("b"))->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world.run_until([&] { return having("b", std::nullopt) == 0; }));
    EXPECT_EQ(bodies_sent(), 3U);
    on_all({"SCRIPT", "FLUSH"});
    ASSERT_EQ(world.acquire(world.identity("c"))->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world.run_until([&] { return having("c", std::nullopt) == 0; }));
    EXPECT_EQ(bodies_sent(), 6U);
}

TEST_F(acquire_attempt_test, writes_details_of_the_holder_when_asked_to) {
    const auto who = world.labelled("job", "nightly\nrun");
    const auto attempt = world.acquire(who);
    ASSERT_TRUE(world.run_until([&] { return attempt->round().granted().size() == 3; }));
    EXPECT_EQ(having("redlock:holder:{job}",
                     encode_holder(who.block.first, who.token().str(), "nightly\nrun")),
              3U);
    EXPECT_EQ(world.release(*attempt), core::release_outcome::released);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(having("redlock:holder:{job}", std::nullopt), 3U);
}

TEST_F(acquire_attempt_test, works_with_any_bytes_in_the_name) {
    const std::string name{"a\0b\r\n{}\xff\xfe '\"", 12};
    const auto attempt = world.acquire(world.identity(name));
    ASSERT_TRUE(world.run_until([&] { return attempt->round().granted().size() == 3; }));
    EXPECT_EQ(having(name, attempt->identity().token().str()), 3U);
    EXPECT_EQ(world.release(*attempt), core::release_outcome::released);
}

TEST_F(acquire_attempt_test, is_contended_by_another_library_and_takes_its_one_grant_back) {
    servers[0].command({"SET", "job", "theirs", "PX", "60000"});
    servers[1].command({"SET", "job", "theirs", "PX", "60000"});
    const auto attempt = world.acquire(world.identity());
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    EXPECT_NE(attempt->round().quorum_free_at(), core::never);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(having("job", "theirs"), 2U);
    EXPECT_EQ(having("job", std::nullopt), 1U);
}

TEST_F(acquire_attempt_test, learns_a_higher_fence_and_goes_above_it_the_next_time) {
    const auto early = world.identity();
    const std::string higher = std::to_string(early.block.last + 5'000'000);
    on_all({"SET", "redlock:fence:{job}", higher});
    const auto attempt = world.acquire(early);
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::stale);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(having("job", std::nullopt), 3U);
    const auto next = world.identity();
    EXPECT_GT(next.block.first, std::stoull(higher));
    EXPECT_EQ(world.acquire(next)->round().outcome(), acquire_outcome::held);
}

TEST_F(acquire_attempt_test, learns_how_far_the_nodes_clocks_are_from_ours) {
    auto ahead = world.identity();
    constexpr std::uint64_t day_us = 86'400'000'000;
    ahead.block = {ahead.block.first + day_us, ahead.block.last + day_us};
    const auto attempt = world.acquire(ahead);
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::stale);
    ASSERT_FALSE(attempt->why().empty());
    EXPECT_EQ(attempt->why().nodes()[0].cause, node_errc::clock_window);
    EXPECT_THAT(attempt->why().nodes()[0].message, HasSubstr("too far from its clock"))
        << "the clocks are the same";
    EXPECT_EQ(having("job", std::nullopt), 3U);
}

// From an hour behind to an hour ahead of the nodes, at and near every multiple of their window.
TEST_F(acquire_attempt_test, holds_at_the_second_round_however_far_its_clock_was_off) {
    constexpr std::int64_t hour_us = 3'600'000'000;
    const std::int64_t window_us =
        std::chrono::microseconds{world.pool->options().clock_window}.count();
    const std::vector<std::int64_t> all_sides{-100'000, -1'000, -1, 0, 1, 1'000, 100'000};
    const std::vector<std::int64_t> beyond{0};
    for (std::int64_t windows = -hour_us / window_us; windows <= hour_us / window_us; ++windows) {
        for (const std::int64_t side : std::abs(windows) <= 4 ? all_sides : beyond) {
            const auto off = static_cast<std::uint64_t>(windows * window_us + side);
            const std::string resource = std::to_string(windows) + "/" + std::to_string(side);
            auto first = world.identity(resource);
            first.block = {first.block.first + off, first.block.last + off};
            if (world.acquire(first)->round().outcome() != acquire_outcome::held) {
                ASSERT_EQ(world.acquire(world.identity(resource))->round().outcome(),
                          acquire_outcome::held)
                    << windows << " windows and " << side << " us";
            }
        }
    }
}

TEST_F(acquire_attempt_test, holds_with_one_node_dead_and_says_which) {
    servers[1].kill();
    const auto attempt = world.acquire(world.identity());
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::held);
    ASSERT_TRUE(world.run_until([&] { return !attempt->why().empty(); }));
    EXPECT_EQ(attempt->why().nodes()[0].node, 1U);
    EXPECT_EQ(attempt->why().nodes()[0].cause, node_errc::not_connected);
}

TEST_F(acquire_attempt_test, is_unavailable_with_two_nodes_dead_and_leaves_nothing) {
    servers[1].kill();
    servers[2].kill();
    const auto attempt = world.acquire(world.identity());
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::unavailable);
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(having("job", std::nullopt), 1U);
}

TEST_F(acquire_attempt_test, leaves_nothing_where_the_fence_cannot_be_read) {
    on_all({"RPUSH", "redlock:fence:{job}", "a"});
    const auto attempt = world.acquire(world.identity());
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::unavailable);
    EXPECT_THAT(attempt->why().nodes()[0].message, HasSubstr("WRONGTYPE"));
    ASSERT_TRUE(world.run_until_settled());
    EXPECT_EQ(having("job", std::nullopt), 3U);
}

TEST_F(acquire_attempt_test, leaves_nothing_when_it_is_cancelled_before_anything_came_back) {
    ASSERT_TRUE(world.run_until([&] {
        return world.acquire(world.identity("first"))->round().outcome() == acquire_outcome::held;
    }));
    const auto attempt =
        std::make_shared<acquire_attempt>(*world.pool, world.identity(), attempt_world::lease);
    noting_owner owner;
    bool cleaned_up = false;
    attempt->start(owner);
    attempt->cancel([&] { cleaned_up = true; });
    EXPECT_FALSE(cleaned_up);
    ASSERT_TRUE(world.run_until([&] { return cleaned_up; }));
    EXPECT_EQ(attempt->round().outcome(), acquire_outcome::cancelled);
    EXPECT_EQ(owner.decided, 0);
    EXPECT_EQ(having("job", std::nullopt), 3U);
    // Above a bar, too, which the next attempt might meet.
    EXPECT_GT(world.pool->next_block("job").value().first, attempt->identity().block.bar());
}

TEST_F(acquire_attempt_test, leaves_nothing_when_it_is_cancelled_after_it_was_held) {
    const auto attempt = world.acquire(world.identity());
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::held);
    bool cleaned_up = false;
    attempt->cancel([&] { cleaned_up = true; });
    ASSERT_TRUE(world.run_until([&] { return cleaned_up; }));
    EXPECT_EQ(having("job", std::nullopt), 3U);
}

TEST_F(acquire_attempt_test, is_cleaned_up_at_once_when_there_is_nothing_to_undo) {
    on_all({"SET", "job", "theirs"});
    const auto attempt = world.acquire(world.identity());
    ASSERT_EQ(attempt->round().outcome(), acquire_outcome::contended);
    ASSERT_TRUE(world.run_until([&] { return attempt->round().pending().empty(); }));
    bool cleaned_up = false;
    attempt->cancel([&] { cleaned_up = true; });
    EXPECT_TRUE(cleaned_up);
    EXPECT_EQ(having("job", "theirs"), 3U);
}

}  // namespace
}  // namespace redlock::driver
