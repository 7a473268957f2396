// A Redis Cluster among plain nodes, with the restart guard: what it may have forgotten, and who
// notices. Each test takes some 3 s, which is what a cluster takes to come up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/key_names.hpp"
#include "integration/harness.hpp"
#include "redis/cluster/cluster_slots.hpp"
#include "support/redis_cluster.hpp"

namespace redlock::integration {
namespace {

using support::redis_cluster;

struct cluster_guard : testing::Test {
    static manager_options options() {
        manager_options with = usual_options();
        with.node_timeout = 500ms;
        return with;
    }
    /// The cluster is node 0.
    [[nodiscard]] node_list all() const {
        std::vector<endpoint> endpoints{whole.where()};
        for (const auto& url : plain.urls()) {
            endpoints.push_back(parse_endpoint(url).value());
        }
        return node_list{std::move(endpoints)};
    }
    /// Until the cluster has told who it is, and has a vote or not.
    [[nodiscard]] static bool greeted(client& who, bool votes) {
        return who.await([&] {
            const auto node = who.status("warm-up").nodes[0];
            return !node.error && !node.vote_error == votes &&
                   (votes || node.vote_error == node_errc::quarantined);
        });
    }
    /// Moves the slot and forgets what was in it, as a failover may.
    void forget_and_move_to(std::size_t to) {
        for (const auto& key : {name, driver::key_names{}.fence(name)}) {
            whole.command(whole.owner_of(name), {"DEL", key});
        }
        whole.move_slot(redis::slot_of(name), to);
    }

    redis_cluster whole;
    cluster plain{2};
    loop turned;
    const std::string name = whole.name_at(0);
};

TEST_F(cluster_guard, gives_a_cluster_no_vote_until_somebody_vouches) {
    client user{turned, all(), options()};
    ASSERT_TRUE(greeted(user, false));
    const auto status = user.status(name);
    ASSERT_TRUE(status.nodes[0].quarantine);
    EXPECT_GT(*status.nodes[0].quarantine, 30s);
    lock held = user.take(name, {.lease_time = 30s});
    EXPECT_TRUE(user.await([&] { return !whole.has(0, name); })) << "its grant was given back";
    plain[0].freeze();
    const auto refused = user.try_acquire("another");
    EXPECT_EQ(refused->error, errc::no_quorum);
    EXPECT_EQ(refused->cause(0), node_errc::quarantined);
    plain[0].thaw();
    EXPECT_FALSE(user.release(held));

    EXPECT_FALSE(user.vouch({.node = 0})->error);
    plain[0].freeze();
    lock next = user.take(name, {.lease_time = 30s});
    EXPECT_TRUE(whole.has(0, name));
    client later{turned, all(), options()};
    EXPECT_TRUE(greeted(later, true)) << "the word is kept in the cluster";
    EXPECT_EQ(later.try_acquire(name)->error, errc::contended);
    plain[0].thaw();
}

TEST_F(cluster_guard, makes_no_second_holder_of_a_slot_that_was_forgotten) {
    client first{turned, all(), options()};
    client second{turned, all(), options()};
    ASSERT_TRUE(greeted(first, false));
    EXPECT_FALSE(first.vouch()->error);
    ASSERT_TRUE(greeted(second, true)) << "the word is for everybody";
    lock held = first.take(name, {.lease_time = 30s, .renew = false});
    ASSERT_TRUE(first.await([&] { return whole.has(0, name) && plain.having(name) == 2; }));
    plain[1].command({"DEL", name, fence_of(name)});
    // One of the two that hold it forgets; the second client hears of it with its own command.
    forget_and_move_to(1);
    const auto refused = second.try_acquire(name);
    EXPECT_TRUE(refused->error) << "the cluster's and the third node's vote would be a majority";
    EXPECT_TRUE(held.valid());
    ASSERT_TRUE(greeted(second, false)) << "and asked who it is now";
    EXPECT_TRUE(second.try_acquire(name)->error);
    // Whoever comes later learns it from the cluster.
    client third{turned, all(), options()};
    ASSERT_TRUE(greeted(third, false));
    EXPECT_TRUE(third.try_acquire(name)->error);
    EXPECT_TRUE(held.valid());
}

TEST_F(cluster_guard, notices_a_master_that_was_restarted) {
    client user{turned, all(), options()};
    ASSERT_TRUE(greeted(user, false));
    EXPECT_FALSE(user.vouch()->error);
    ASSERT_TRUE(greeted(user, true));
    whole[1].restart();
    ASSERT_TRUE(user.await([&] { return !user.status(whole.name_at(1)).nodes[0].error.failed(); }));
    ASSERT_TRUE(greeted(user, false));
    client later{turned, all(), options()};
    ASSERT_TRUE(greeted(later, false));
}

TEST_F(cluster_guard, has_no_vote_while_one_of_its_masters_is_gone_and_goes_on_releasing) {
    client user{turned, all(), options()};
    ASSERT_TRUE(greeted(user, false));
    EXPECT_FALSE(user.vouch()->error);
    ASSERT_TRUE(greeted(user, true));
    lock held = user.take(name, {.lease_time = 30s});
    ASSERT_TRUE(user.await([&] { return whole.has(0, name); }));
    whole[2].kill();
    ASSERT_TRUE(user.await([&] {
        static_cast<void>(user.status(whole.name_at(2)));
        return user.events().count(event_kind::node_down) > 0;
    }));
    EXPECT_FALSE(user.extend(held));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(user.await([&] { return !whole.has(0, name); })) << "released in the cluster, too";
    lock next = user.take(name);
    EXPECT_FALSE(user.release(next));
}

}  // namespace
}  // namespace redlock::integration
