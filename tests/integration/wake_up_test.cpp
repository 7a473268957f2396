// How a waiter learns that the lock is free: told by the nodes, whatever freed it and whenever.
// "Soon" is a bound far below the fallback, the lease and any other way in which a missed wake-up
// would mend itself in the end, and far above what a busy machine needs.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "integration/proxy.hpp"

namespace redlock::integration {
namespace {

struct wake_up : testing::Test {
    /// As an outsider would, without a turn of the loop.
    void remove() {
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    }
    void occupy() {
        nodes.each([](redis_server& node) {
            node.command({"SET", "job", "theirs", "PX", "60000"});
        });
    }
    [[nodiscard]] bool comes(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, soon) && waiter->value.valid();
    }
    [[nodiscard]] bool silent_for(std::chrono::nanoseconds span) {
        return integration::silent_for(span, turned, nodes);
    }
    std::size_t attempts(client& who) { return who.events().count(event_kind::attempt_failed); }

    cluster nodes{3};
    loop turned;
    client holder{turned, nodes.urls()};
    client user{turned, nodes.urls()};
};

TEST_F(wake_up, comes_with_the_release) {
    lock held = holder.take("job", {.lease_time = 60s});
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    EXPECT_FALSE(waiting->done);
    EXPECT_FALSE(holder.release(held));
    EXPECT_TRUE(comes(waiting));
}

// The nodes do not tell a manager of what it does itself.
TEST_F(wake_up, comes_with_the_release_of_a_lock_that_the_same_manager_attached_to) {
    lock held = holder.take("job", {.lease_time = 60s});
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    const auto attached = user.attach("job", held.token(), {.lease_time = 60s});
    ASSERT_TRUE(attached->value.valid());
    EXPECT_FALSE(user.release(attached->value));
    EXPECT_TRUE(comes(waiting));
}

TEST_F(wake_up, comes_with_the_release_of_a_lock_that_was_given_up_for_lost_before) {
    // Lost by its stop margin at once: the waiter competes, and finds it still there.
    lock held = user.take("job", {.lease_time = 60s, .stop_margin = 58s});
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::lost) > 0; }));
    ASSERT_TRUE(silent_for(300ms));
    EXPECT_FALSE(waiting->done);
    user.release(held);
    EXPECT_TRUE(comes(waiting));
}

TEST_F(wake_up, comes_with_a_deletion_by_an_outsider) {
    const lock held = holder.take("job", {.lease_time = 60s});
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    remove();
    EXPECT_TRUE(comes(waiting));
}

TEST_F(wake_up, comes_with_a_deletion_on_a_majority) {
    occupy();
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    nodes[0].command({"DEL", "job"});
    turned.step();
    EXPECT_FALSE(waiting->done);
    nodes[2].command({"DEL", "job"});
    EXPECT_TRUE(comes(waiting));
}

TEST_F(wake_up, comes_with_the_end_of_the_lease) {
    lock held = holder.take("job", {.lease_time = 400ms});
    static_cast<void>(held.detach());
    EXPECT_TRUE(comes(user.begin_acquire("job")));
}

TEST_F(wake_up, comes_with_an_end_that_was_not_announced) {
    occupy();
    const auto waiting = user.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    nodes.each([](redis_server& node) { node.command({"PEXPIRE", "job", "100"}); });
    EXPECT_TRUE(comes(waiting));
}

// The sweep: an outsider deletes the key after one more handler of the event loop each time, from
// before the first attempt's first byte to long after the nodes have begun to tell.
TEST_F(wake_up, is_not_missed_at_any_step_of_a_fresh_waiter) {
    for (int steps = 0; steps < 100; ++steps) {
        occupy();
        client fresh{turned, nodes.urls()};
        const auto waiting = fresh.begin_acquire("job", {.fair = steps % 2 == 0});
        for (int i = 0; i < steps && !waiting->done; ++i) {
            turned.step();
        }
        remove();
        ASSERT_TRUE(comes(waiting)) << "after " << steps << " steps";
        ASSERT_FALSE(fresh.release(waiting->value));
        ASSERT_FALSE(fresh.close());
    }
}

TEST_F(wake_up, is_not_missed_at_any_step_where_the_nodes_tell_already) {
    for (int steps = 0; steps < 60; ++steps) {
        occupy();
        const auto waiting = user.begin_acquire("job", {.fair = steps % 2 == 0});
        for (int i = 0; i < steps && !waiting->done; ++i) {
            turned.step();
        }
        remove();
        ASSERT_TRUE(comes(waiting)) << "after " << steps << " steps";
        ASSERT_FALSE(user.release(waiting->value));
        ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    }
}

TEST_F(wake_up, by_a_release_is_not_missed_at_any_step) {
    for (int steps = 0; steps < 60; ++steps) {
        lock held = holder.take("job", {.lease_time = 60s});
        const auto waiting = user.begin_acquire("job", {.fair = steps % 2 == 0});
        for (int i = 0; i < steps; ++i) {
            turned.step();
        }
        const auto releasing = holder.begin_release(held);
        ASSERT_TRUE(comes(waiting)) << "after " << steps << " steps";
        ASSERT_TRUE(holder.await([&] { return releasing->done; }));
        ASSERT_FALSE(user.release(waiting->value));
        ASSERT_TRUE(user.await([&] { return nodes.having("job") == 0; }));
    }
}

// Between an attempt's votes and the wait that follows: in the very moment when it has failed.
TEST_F(wake_up, is_not_missed_between_an_attempt_and_the_wait) {
    for (std::size_t at = 1; at <= 3; ++at) {
        for (int times = 0; times < 25; ++times) {
            occupy();
            const auto log = std::make_shared<event_log>();
            log->also = [&, told = log.get()](const event& what) {
                if (what.kind == event_kind::attempt_failed && told->count(what.kind) == at) {
                    remove();
                }
            };
            manager_options options = usual_options();
            options.events = log;
            client fresh{turned, nodes.urls(), options};
            const auto waiting = fresh.begin_acquire("job");
            ASSERT_TRUE(comes(waiting)) << "after attempt " << at << ", time " << times;
            ASSERT_FALSE(fresh.close());
            ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
        }
    }
}

TEST_F(wake_up, an_idle_waiter_sends_nothing) {
    const lock held = holder.take("job", {.lease_time = 60s});
    const auto waiting = user.begin_acquire("job");
    client unfair{turned, nodes.urls()};
    const auto beside = unfair.begin_acquire("job", {.fair = false});
    ASSERT_TRUE(user.await([&] { return attempts(user) > 0 && attempts(unfair) > 0; }));
    EXPECT_TRUE(silent_for(3s));
    EXPECT_FALSE(waiting->done || beside->done);
}

TEST_F(wake_up, works_where_the_nodes_refuse_to_tell) {
    for (const std::string right : {"-client|tracking", "-subscribe", "-client"}) {
        std::vector<std::string> urls;
        nodes.each([&](redis_server& node) {
            ASSERT_EQ(node.command({"ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "&*",
                                    "+@all", right}),
                      "OK");
            urls.push_back("redis://limited:pw@127.0.0.1:" + std::to_string(node.port()));
        });
        client limited{turned, urls};
        lock held = holder.take("job", {.lease_time = 60s});
        const auto waiting = limited.begin_acquire("job");
        EXPECT_TRUE(limited.await([&] {
            return limited.events().count(event_kind::tracking_refused) >= 3;
        })) << right;
        ASSERT_FALSE(holder.release(held));
        ASSERT_TRUE(comes(waiting)) << right;
        EXPECT_EQ(limited.events().count(event_kind::tracking_refused), 3U)
            << right << ": once a node";
        EXPECT_FALSE(limited.close());
    }
}

/// Two managers that pass the lock to and fro through proxies.
struct cut_connections : wake_up {
    std::vector<std::string> through() {
        std::vector<std::string> urls;
        nodes.each([&](redis_server& node) {
            proxies.push_back(std::make_unique<proxy>(turned.io, node.port()));
            urls.push_back(proxies.back()->url());
        });
        return urls;
    }
    /// Turns the loop, and now and then ends a connection.
    void step() {
        turned.step();
        if (chance(dice) < 0.02) {
            proxies[static_cast<std::size_t>(dice()) % proxies.size()]->cut_subscriptions();
        }
    }
    [[nodiscard]] bool comes_meanwhile(const operation_ptr<lock>& waiter) {
        return turned.until(
                   [&] {
                       step();
                       return waiter->done;
                   },
                   soon) &&
               waiter->value.valid();
    }

    std::vector<std::unique_ptr<proxy>> proxies;
    std::mt19937 dice{20261123};
    std::uniform_real_distribution<double> chance{};
};

TEST_F(cut_connections, of_those_who_are_told_lose_no_wake_up) {
    client one{turned, through()};
    client another{turned, through()};
    auto held = one.begin_acquire("job", {.lease_time = 60s});
    ASSERT_TRUE(comes_meanwhile(held));
    for (int times = 0; times < 400; ++times) {
        client& here = times % 2 == 0 ? one : another;
        client& there = times % 2 == 0 ? another : one;
        const auto waiting = there.begin_acquire("job", {.lease_time = 60s});
        for (auto steps = dice() % 40; steps > 0; --steps) {
            step();
        }
        ASSERT_FALSE(waiting->done);
        const auto releasing = here.begin_release(held->value);
        ASSERT_TRUE(comes_meanwhile(waiting)) << "a wake-up was missed, time " << times;
        ASSERT_TRUE(turned.until([&] { return releasing->done; }));
        EXPECT_FALSE(releasing->error);
        held = waiting;
    }
    int accepted = 0;
    for (const auto& each : proxies) {
        accepted += each->accepted;
    }
    EXPECT_GT(accepted, 50) << "connections were cut and made anew";
}

TEST_F(cut_connections, are_made_anew_so_that_the_waiter_can_be_idle_again) {
    occupy();
    client one{turned, through()};
    const auto waiting = one.begin_acquire("job");
    ASSERT_TRUE(silent_for(300ms));
    for (auto& each : proxies) {
        each->cut_subscriptions();
    }
    EXPECT_TRUE(silent_for(300ms)) << "it asks again and again";
    remove();
    EXPECT_TRUE(comes(waiting));
}

// A single cut at each step, with nothing else to wake the waiter.
TEST_F(cut_connections, at_any_step_lose_no_wake_up) {
    const auto urls = through();
    for (int steps = 0; steps < 80; steps += 2) {
        occupy();
        client fresh{turned, urls};
        const auto waiting = fresh.begin_acquire("job");
        const auto turn = [&](int count) {
            for (int i = 0; i < count && !waiting->done; ++i) {
                turned.step();
            }
        };
        turn(steps + 20);
        for (auto& each : proxies) {
            each->cut_subscriptions();
        }
        turn(steps % 7);
        remove();
        ASSERT_TRUE(comes(waiting)) << "after " << steps << " steps";
        ASSERT_FALSE(fresh.close());
        ASSERT_TRUE(turned.until([&] { return nodes.having("job") == 0; }));
    }
}

}  // namespace
}  // namespace redlock::integration
