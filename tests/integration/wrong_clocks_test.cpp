// Clients whose clocks are wrong against the nodes', however far, and fences that wrong clocks have
// left behind: a free lock is had at the second round at the latest, and where it cannot be, the
// error says why and what to do. The servers' clocks are shifted, which is the same seen from here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "redlock/health.hpp"
#include "support/wrong_clock.hpp"

namespace redlock::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class clocks_apart : public testing::TestWithParam<int> {};

TEST_P(clocks_apart, a_free_lock_is_had_at_the_second_round) {
    std::unique_ptr<cluster> nodes;
    {
        const support::wrong_clock wrong{GetParam()};
        nodes = std::make_unique<cluster>(3);
    }
    loop turned;
    client user{turned, nodes->urls()};
    for (const char* const name : {"a", "b", "a"}) {
        const std::size_t before = user.events().count(event_kind::attempt_failed);
        const auto once = user.try_acquire(name);
        ASSERT_FALSE(once->error) << once->why.to_string();
        EXPECT_LE(user.events().count(event_kind::attempt_failed) - before, 1U);
        ASSERT_FALSE(user.release(once->value));
    }
    // From now on it knows how far off its clock is.
    EXPECT_LE(user.events().count(event_kind::attempt_failed), 1U);
}

INSTANTIATE_TEST_SUITE_P(seconds, clocks_apart,
                         testing::Values(-3600, -40, -21, -20, -18, -15, -11, -10, -9, 9, 10, 11,
                                         15, 18, 20, 21, 40, 3600));

struct fence_out_of_reach : testing::Test {
    void leave_fence(redis_server& node) {
        const auto hour_ahead = std::chrono::system_clock::now().time_since_epoch() + 1h;
        const auto fence = std::chrono::duration_cast<std::chrono::microseconds>(hour_ahead);
        node.command({"SET", fence_of("job"), std::to_string(fence.count()), "PX", "118000"});
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
};

TEST_F(fence_out_of_reach, is_named_with_its_distance_and_the_remedy) {
    leave_fence(nodes[1]);
    leave_fence(nodes[2]);
    const auto once = user.try_acquire("job");
    EXPECT_EQ(once->error, errc::no_quorum);
    EXPECT_EQ(once->cause(1), node_errc::fence_ahead);
    EXPECT_THAT(once->why.to_string(),
                AllOf(HasSubstr(" s ahead of the node's clock"), HasSubstr("expires in 11"),
                      HasSubstr("delete redlock:fence:{job} there")));
    EXPECT_THAT(once->why.message, testing::Not(HasSubstr("too few nodes answered")));
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    nodes[1].command({"DEL", fence_of("job")});
    const auto again = user.try_acquire("job");
    EXPECT_FALSE(again->error) << "one node alone keeps nobody out: " << again->why.to_string();
}

TEST_F(fence_out_of_reach, lives_no_longer_for_those_who_fail) {
    nodes.each([this](redis_server& node) { leave_fence(node); });
    const auto expires = [](redis_server& node) {
        return std::stoll(node.command({"TIME"})) * 1000 + node.pttl(fence_of("job"));
    };
    std::vector<std::int64_t> before;
    nodes.each([&](redis_server& node) { before.push_back(expires(node)); });
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(user.try_acquire("job")->error, errc::no_quorum);
    }
    EXPECT_EQ(user.acquire("job", {.wait = 300ms})->error, errc::no_quorum);
    std::size_t node = 0;
    // A second more or less is how TIME was cut off.
    nodes.each([&](redis_server& each) { EXPECT_LE(expires(each), before[node++] + 1100); });
}

TEST_F(fence_out_of_reach, is_flagged_by_status_and_by_the_doctor) {
    leave_fence(nodes[1]);
    const auto seen = user.status("job");
    EXPECT_FALSE(seen.nodes[0].fence_ahead);
    ASSERT_TRUE(seen.nodes[1].fence_ahead);
    EXPECT_GT(*seen.nodes[1].fence_ahead, 59min);
    EXPECT_THAT(seen.nodes[1].fence_message, HasSubstr("delete redlock:fence:{job} there"));

    bool done = false;
    std::vector<node_health> all;
    user.manager->async_examine({.resource = "job"},
                                [&](const error_code&, std::vector<node_health> health) {
                                    all = std::move(health);
                                    done = true;
                                });
    ASSERT_TRUE(user.await([&] { return done; }));
    EXPECT_EQ(all.at(0).fence_message, "");
    EXPECT_THAT(all.at(1).fence_message, HasSubstr("delete redlock:fence:{job} there"));
    std::vector<std::string> problems;
    for (const finding& each : diagnose(all, usual_options())) {
        if (each.level == finding_level::problem && each.node == node_index{1}) {
            problems.push_back(each.code);
        }
    }
    EXPECT_THAT(problems, testing::Contains("fence_ahead"));
}

}  // namespace
}  // namespace redlock::integration
