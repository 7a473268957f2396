// Slots of a Redis Cluster that move while locks are held, waited for and released in them. Each
// test takes some 3 s, which is what a cluster takes to come up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/key_names.hpp"
#include "integration/harness.hpp"
#include "redis/cluster/cluster_slots.hpp"
#include "support/redis_cluster.hpp"

namespace redlock::integration {
namespace {

using support::redis_cluster;

struct cluster_moves : testing::Test {
    [[nodiscard]] node_list whole() const {
        return node_list{std::vector<endpoint>{nodes.where()}};
    }

    redis_cluster nodes;
    loop turned;
    const std::string name = nodes.name_at(0);
    const std::uint16_t slot = redis::slot_of(name);
    client user{turned, whole()};
    client other{turned, whole()};
};

TEST_F(cluster_moves, keep_locks_and_fencing_tokens) {
    other.warm_up();
    lock held = user.take(name, {.lease_time = 30s, .label = "kept"});
    std::size_t at = 0;
    for (const std::size_t to : {1U, 2U, 1U, 0U}) {
        nodes.move_slot(slot, to);
        EXPECT_TRUE(nodes.has(to, name));
        EXPECT_FALSE(nodes.has(at, name));
        EXPECT_EQ(other.try_acquire(name)->error, errc::contended);
        EXPECT_EQ(other.status(name).holder, held.token());
        EXPECT_FALSE(user.extend(held));
        EXPECT_TRUE(held.valid());
        at = to;
    }
    nodes.move_slot(slot, 2);
    EXPECT_FALSE(user.release(held));
    EXPECT_FALSE(nodes.has(2, name));
    lock next = other.take(name);
    EXPECT_GT(next.fencing_token(), held.fencing_token());
    EXPECT_EQ(user.events().count(event_kind::node_down), 0U) << "MOVED is no failure";
}

TEST_F(cluster_moves, are_followed_by_a_watchdog_and_a_waiter) {
    lock held = user.take(name);
    const auto waiting = other.begin_acquire(name);
    EXPECT_FALSE(turned.until([&] { return waiting->done; }, 50ms));
    nodes.move_slot(slot, 1);
    // Renewals are due at a third of the lease; the manager's own would take too long for a test.
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(other.await([&] { return waiting->done; }));
    EXPECT_FALSE(waiting->error) << waiting->why.to_string();
    EXPECT_GT(waiting->value.fencing_token(), held.fencing_token());
    EXPECT_TRUE(nodes.has(1, name));
}

TEST_F(cluster_moves, are_followed_key_by_key) {
    lock held = user.take(name, {.lease_time = 30s});
    const std::string fence = driver::key_names{}.fence(name);
    nodes.begin_move(slot, 1);
    EXPECT_FALSE(user.extend(held)) << "nothing has gone ahead";
    // One key has: the server asks to try again until the other one has, too.
    nodes.move_keys(slot, 1, {name});
    const auto extending = user.begin_extend(held);
    EXPECT_FALSE(turned.until([&] { return extending->done; }, 50ms));
    nodes.move_keys(slot, 1, {fence});
    ASSERT_TRUE(user.await([&] { return extending->done; }));
    EXPECT_FALSE(extending->error) << extending->error.message();
    // All have: ASK.
    EXPECT_TRUE(nodes.has(1, name) && nodes.has(1, fence));
    EXPECT_FALSE(user.extend(held));
    EXPECT_EQ(other.try_acquire(name)->error, errc::contended);
    EXPECT_FALSE(user.release(held)) << "the lock and its fence are both there";
    EXPECT_FALSE(nodes.has(1, name));
    nodes.end_move(slot, 1);
    lock next = other.take(name);
    EXPECT_GT(next.fencing_token(), held.fencing_token());
}

TEST_F(cluster_moves, hold_up_a_new_lock_in_the_slot_until_they_end) {
    user.warm_up();
    nodes.begin_move(slot, 1);
    const auto taking = user.begin_acquire(name, {.lease_time = 30s});
    // Keys that are nowhere cannot be written by a script that names several.
    EXPECT_FALSE(turned.until([&] { return taking->done; }, 50ms));
    EXPECT_FALSE(nodes.has(0, name));
    nodes.end_move(slot, 1);
    ASSERT_TRUE(user.await([&] { return taking->done; }));
    ASSERT_FALSE(taking->error) << taking->why.to_string();
    EXPECT_TRUE(nodes.has(1, name));
    EXPECT_FALSE(user.release(taking->value));
}

TEST_F(cluster_moves, do_not_hold_up_a_release) {
    lock held = user.take(name, {.lease_time = 30s});
    nodes.begin_move(slot, 1);
    nodes.move_keys(slot, 1, {driver::key_names{}.fence(name)});
    EXPECT_FALSE(user.release(held)) << "it names the lock alone";
    EXPECT_FALSE(nodes.has(0, name));
    nodes.end_move(slot, 1);
    EXPECT_GT(user.take(name).fencing_token(), held.fencing_token());
}

TEST_F(cluster_moves, do_not_lose_a_release_of_several_keys) {
    lock held = user.take(name, {.lease_time = 30s, .label = "who"});
    nodes.begin_move(slot, 1);
    nodes.move_keys(slot, 1, {driver::key_names{}.fence(name)});
    const auto releasing = user.begin_release(held);
    EXPECT_FALSE(turned.until([&] { return releasing->done; }, 50ms));
    nodes.move_keys(slot, 1, {name, driver::key_names{}.holder(name)});
    nodes.end_move(slot, 1);
    ASSERT_TRUE(user.await([&] { return releasing->done; }));
    EXPECT_FALSE(releasing->error);
    EXPECT_FALSE(nodes.has(1, name));
}

}  // namespace
}  // namespace redlock::integration
