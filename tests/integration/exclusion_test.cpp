// The main job: several managers increment an unguarded counter under the lock, while a minority of
// the servers is frozen, killed or restarted in the middle. No update may be lost, and no two may
// be inside at once.
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

/// A store that follows the rule of fencing: it refuses tokens below the largest it has seen.
struct store {
    int value = 0;
    int inside = 0;
    int overlaps = 0;
    int refused = 0;
    std::uint64_t largest = 0;
};

asio::awaitable<void> one_increment(lock_manager& locks, store& shared) {
    lock held = co_await locks.async_acquire("counter", {}, asio::use_awaitable);
    shared.overlaps += shared.inside++ > 0 ? 1 : 0;
    if (held.fencing_token().value() <= shared.largest) {
        ++shared.refused;
    }
    shared.largest = held.fencing_token().value();
    const int seen = shared.value;
    // Others get their turn between the read and the write.
    for (int i = 0; i < 3; ++i) {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    shared.value = seen + 1;
    --shared.inside;
    co_await held.async_release(asio::as_tuple(asio::use_awaitable));
}

struct exclusion : testing::TestWithParam<std::size_t> {
    /// Runs it all, with `trouble` after a third of the increments and `relief` after two
    /// thirds.
    void count(int managers, int coroutines, int increments, const std::function<void()>& trouble,
               const std::function<void()>& relief) {
        std::vector<std::unique_ptr<client>> users;
        int running = 0;
        for (int m = 0; m < managers; ++m) {
            users.push_back(std::make_unique<client>(turned, nodes.urls()));
            for (int c = 0; c < coroutines; ++c) {
                ++running;
                asio::co_spawn(turned.io, work(*users.back()->manager, increments),
                               [&](const std::exception_ptr& failure) {
                                   EXPECT_EQ(failure, nullptr);
                                   --running;
                               });
            }
        }
        const int total = managers * coroutines * increments;
        ASSERT_TRUE(turned.until([&] { return shared.value >= total / 3; }));
        trouble();
        ASSERT_TRUE(turned.until([&] { return shared.value >= 2 * total / 3; }));
        relief();
        ASSERT_TRUE(turned.until([&] { return running == 0; }));
        EXPECT_EQ(shared.value, total) << "updates were lost";
        EXPECT_EQ(shared.overlaps, 0);
        EXPECT_EQ(shared.refused, 0) << "fencing tokens fell back";
        nodes.thaw();
        ASSERT_TRUE(turned.until([&] {
            return nodes.count([](redis_server& node) {
                return node.running() && node.command({"EXISTS", "counter"}) == "1";
            }) == 0;
        })) << "something is left";
    }
    asio::awaitable<void> work(lock_manager& locks, int increments) {
        for (int turn = 0; turn < increments; ++turn) {
            co_await one_increment(locks, shared);
        }
    }

    cluster nodes{GetParam()};
    loop turned;
    store shared;
};

INSTANTIATE_TEST_SUITE_P(nodes, exclusion, testing::Values(3, 5));

TEST_P(exclusion, on_healthy_servers) {
    count(
        3, 2, 15, [] {}, [] {});
}

TEST_P(exclusion, while_a_minority_is_frozen_and_thawed) {
    const std::size_t minority = (nodes.size() - 1) / 2;
    count(
        3, 2, 15, [&] { nodes.freeze(0, minority); }, [&] { nodes.thaw(); });
}

TEST_P(exclusion, while_a_minority_dies) {
    count(
        3, 2, 15, [&] { nodes[0].kill(); },
        [&] {
            if (nodes.size() > 3) {
                nodes[1].kill();
            }
        });
}

// A node that restarts empty grants what it granted before. One such node at a time, and no
// other in trouble, cannot make two quorums that do not meet only if the lock stood on more
// than a bare majority or the loss meets no holder; so the restarts happen while the node is
// known to hold no vote that counts: the lock is free.
TEST_P(exclusion, while_a_node_restarts_empty_between_two_holders) {
    client idle{turned, nodes.urls()};
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        lock held = idle.take("counter");
        shared.largest = std::max(shared.largest, held.fencing_token().value());
        ASSERT_FALSE(idle.release(held));
        ASSERT_TRUE(turned.until([&] { return nodes.having("counter") == 0; }));
        nodes[node].restart();
        nodes[node].vouch();  // no lock was held
    }
    // Every fence is gone by now; tokens grow nevertheless.
    lock held = idle.take("counter");
    EXPECT_GT(held.fencing_token().value(), shared.largest);
    ASSERT_FALSE(idle.release(held));
    count(
        2, 2, 10, [] {}, [] {});
}

TEST_P(exclusion, while_connections_are_cut_all_the_time) {
    const auto cut = [&] {
        nodes.each([](redis_server& node) {
            node.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
        });
    };
    count(3, 2, 15, cut, cut);
}

}  // namespace
}  // namespace redlock::integration
