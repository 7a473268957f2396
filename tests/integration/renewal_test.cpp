// The watchdog over many leases, many locks, and servers that forget scripts or everything.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct renewal : testing::Test {
    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};

    [[nodiscard]] bool extended(std::size_t times) {
        return user.await([&] { return user.events().count(event_kind::extended) >= times; });
    }
};

TEST_F(renewal, holds_a_short_lease_over_many_leases) {
    lock held = user.take("job", {.lease_time = 300ms, .renew = true, .stop_margin = 10ms});
    const auto first_end = held.valid_until();
    EXPECT_TRUE(extended(8));
    EXPECT_TRUE(user.await([&] { return boot_clock::now() > first_end + 600ms; }));
    EXPECT_TRUE(held.valid()) << held.last_error().to_string();
    EXPECT_EQ(nodes.having("job", held.token().str()), 3U);
    EXPECT_FALSE(user.release(held));
}

TEST_F(renewal, is_on_without_a_lease_time_and_off_with_one) {
    manager_options options = usual_options();
    options.lease_time = 400ms;
    client brief{turned, nodes.urls(), options};
    lock renewed = brief.take("renewed");
    lock given = brief.take("given", {.lease_time = 400ms});
    ASSERT_TRUE(brief.await([&] { return brief.events().count(event_kind::lost) >= 1; }));
    EXPECT_FALSE(given.valid());
    EXPECT_TRUE(renewed.valid());
    for (const auto& each : brief.events().all(event_kind::extended)) {
        EXPECT_EQ(each.resource, "renewed");
    }
}

TEST_F(renewal, can_be_switched_off_for_the_managers_lease_time) {
    manager_options options = usual_options();
    options.lease_time = 300ms;
    client brief{turned, nodes.urls(), options};
    lock held = brief.take("job", {.renew = false});
    EXPECT_TRUE(brief.await([&] { return !held.valid(); }));
    EXPECT_EQ(brief.events().count(event_kind::extended), 0U);
}

TEST_F(renewal, ends_with_the_release_and_with_the_detachment) {
    lock released = user.take("released", {.lease_time = 300ms, .renew = true});
    lock detached = user.take("detached", {.lease_time = 300ms, .renew = true});
    ASSERT_TRUE(extended(2));
    detached.detach();
    EXPECT_FALSE(user.release(released));
    EXPECT_TRUE(user.await([&] { return nodes.having("detached") == 0; })) << "its lease ends";
    EXPECT_EQ(nodes.having("released"), 0U);
}

TEST_F(renewal, of_an_attached_lock_when_it_is_asked_for) {
    lock held = user.take("job", {.lease_time = 3s});
    const auto token = held.detach();
    const auto attached = user.attach("job", token, {.lease_time = 300ms, .renew = true});
    ASSERT_FALSE(attached->error);
    EXPECT_TRUE(extended(3));
    EXPECT_TRUE(attached->value.valid());
}

TEST_F(renewal, keeps_ten_thousand_locks_at_once) {
    constexpr std::size_t many = 10'000;
    std::vector<operation_ptr<lock>> all;
    for (std::size_t i = 0; i < many; ++i) {
        all.push_back(user.begin_acquire("lock:" + std::to_string(i),
                                         {.lease_time = 6s, .renew = true, .stop_margin = 100ms}));
    }
    ASSERT_TRUE(user.await([&] { return all.back()->done; }));
    for (const auto& each : all) {
        ASSERT_TRUE(user.await([&] { return each->done; }));
        ASSERT_FALSE(each->error) << each->why.to_string();
    }
    EXPECT_EQ(user.manager->active_locks().size(), many);
    ASSERT_TRUE(extended(2 * many));
    EXPECT_EQ(user.events().count(event_kind::lost), 0U);
    for (const auto& each : all) {
        ASSERT_TRUE(each->value.valid());
    }
    std::vector<operation_ptr<>> released;
    for (const auto& each : all) {
        released.push_back(user.begin_release(each->value));
    }
    for (const auto& each : released) {
        ASSERT_TRUE(user.await([&] { return each->done; }));
        ASSERT_FALSE(each->error);
    }
    EXPECT_TRUE(user.manager->active_locks().empty());
    ASSERT_TRUE(user.await([&] {
        return nodes.count([](redis_server& node) {
            return node.command({"DBSIZE"}) ==
                   std::to_string(many + 1);  // the fences and the epoch
        }) == nodes.size();
    }));
}

TEST_F(renewal, goes_on_when_the_servers_forget_the_scripts) {
    lock held = user.take("job", {.lease_time = 450ms, .renew = true, .stop_margin = 10ms});
    for (std::size_t turn = 1; turn <= 4; ++turn) {
        nodes.each([](redis_server& node) { node.command({"SCRIPT", "FLUSH"}); });
        ASSERT_TRUE(extended(turn * 2));
    }
    EXPECT_TRUE(held.valid());
    nodes.each([](redis_server& node) { node.command({"SCRIPT", "FLUSH"}); });
    EXPECT_FALSE(user.release(held));
    nodes.each([](redis_server& node) { node.command({"SCRIPT", "FLUSH"}); });
    EXPECT_FALSE(user.acquire("job")->error);
    EXPECT_EQ(user.events().count(event_kind::extend_failed), 0U);
}

TEST_F(renewal, outlives_the_restart_of_a_minority) {
    lock held = user.take("job", {.lease_time = 900ms, .renew = true, .stop_margin = 10ms});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes[1].restart();  // empty
    ASSERT_TRUE(extended(user.events().count(event_kind::extended) + 4));
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(nodes[1].get("job")) << "not planted again behind the back of a new holder";
    EXPECT_FALSE(user.release(held));
    lock again = user.take("job");
    user.warm_up();
    EXPECT_FALSE(nodes[1].get("job")) << "it has no vote yet";
    EXPECT_EQ(nodes.having("job", again.token().str()), 2U);
}

TEST_F(renewal, tells_the_loss_when_a_majority_lost_its_data) {
    lock held = user.take("job", {.lease_time = 3s, .renew = true});
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    nodes[0].restart();
    nodes[1].restart();
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
    EXPECT_FALSE(held.valid());
    EXPECT_LE(nodes.having("job"), 1U);
}

TEST_F(renewal, survives_connections_that_are_killed_again_and_again) {
    lock held = user.take("job", {.lease_time = 1500ms, .renew = true, .stop_margin = 10ms});
    for (int turn = 0; turn < 4; ++turn) {
        const std::size_t before = user.events().count(event_kind::extended);
        nodes.each([](redis_server& node) {
            node.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
        });
        ASSERT_TRUE(extended(before + 1));
    }
    EXPECT_TRUE(held.valid());
}

TEST_F(renewal, of_a_lock_acquired_while_one_node_was_frozen_counts_that_node_later) {
    user.rehearse();
    nodes[2].freeze();
    lock held = user.take("job", {.lease_time = 1200ms, .renew = true, .stop_margin = 10ms});
    nodes[2].thaw();
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    ASSERT_TRUE(extended(user.events().count(event_kind::extended) + 2));
    nodes[0].kill();
    ASSERT_TRUE(extended(user.events().count(event_kind::extended) + 4));
    EXPECT_TRUE(held.valid());
}

}  // namespace
}  // namespace redlock::integration
