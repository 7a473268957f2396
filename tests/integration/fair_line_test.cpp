// The fair line between processes, for which managers stand here: they know nothing of each other
// but what is on the nodes. Each takes its turn in the order in which it came, and one that does
// not come for the lock holds nobody up. Nothing is left on the nodes by those who went.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

manager_options no_hand_over() {
    manager_options options = usual_options();
    options.hand_over_count = 0;
    return options;
}

struct fair_line : testing::Test {
    using waiters = std::vector<operation_ptr<lock>>;

    /// It waits at the given place of the nodes' line.
    operation_ptr<lock> queue(client& who, std::size_t place, acquire_options options = {}) {
        const auto waiting = who.begin_acquire("job", options);
        EXPECT_TRUE(who.await([&] { return nodes.in_line("job", place); }));
        return waiting;
    }
    [[nodiscard]] bool comes(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, soon) && waiter->value.valid();
    }
    /// Nothing but the fences, on every node.
    [[nodiscard]] bool only_fences_left() {
        return turned.until([&] {
            return nodes.count([](redis_server& node) {
                return node.command({"DBSIZE"}) == "2" &&
                       node.command({"EXISTS", fence_of("job"), "redlock:epoch"}) == "2";
            }) == nodes.size();
        });
    }
    /// Who got the lock, one after the other, each giving it back at once.
    std::vector<std::size_t> turns(std::vector<std::unique_ptr<client>>& managers,
                                   std::vector<waiters>& waiting) {
        std::vector<std::size_t> order;
        std::vector<std::size_t> served(managers.size());
        std::size_t left = 0;
        for (const auto& each : waiting) {
            left += each.size();
        }
        const bool all = turned.until([&] {
            for (std::size_t who = 0; who < managers.size(); ++who) {
                if (served[who] < waiting[who].size() && waiting[who][served[who]]->done) {
                    EXPECT_FALSE(waiting[who][served[who]]->error);
                    static_cast<void>(
                        managers[who]->begin_release(waiting[who][served[who]++]->value));
                    order.push_back(who);
                    --left;
                }
            }
            return left == 0;
        });
        EXPECT_TRUE(all) << "after " << order.size() << " turns";
        return order;
    }

    cluster nodes{3};
    loop turned;
    client holder{turned, nodes.urls()};
};

TEST_F(fair_line, gives_each_manager_its_turn) {
    lock held = holder.take("job", {.lease_time = 60s});
    std::vector<std::unique_ptr<client>> managers;
    std::vector<waiters> waiting(3);
    for (std::size_t who = 0; who < 3; ++who) {
        managers.push_back(std::make_unique<client>(turned, nodes.urls(), no_hand_over()));
        waiting[who].push_back(queue(*managers[who], who + 1));
        for (int i = 0; i < 5; ++i) {
            waiting[who].push_back(managers[who]->begin_acquire("job"));
        }
    }
    ASSERT_FALSE(holder.release(held));
    const auto order = turns(managers, waiting);
    ASSERT_EQ(order.size(), 18U);
    for (std::size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(order[i], i % 3) << "turn " << i;
    }
    EXPECT_TRUE(only_fences_left());
}

TEST_F(fair_line, gives_a_turn_to_all_waiters_of_a_manager) {
    lock held = holder.take("job", {.lease_time = 60s});
    manager_options options = usual_options();
    options.hand_over_time = 30s;
    options.lease_time = 60s;
    std::vector<std::unique_ptr<client>> managers;
    std::vector<waiters> waiting(3);
    for (std::size_t who = 0; who < 3; ++who) {
        managers.push_back(std::make_unique<client>(turned, nodes.urls(), options));
        waiting[who].push_back(queue(*managers[who], who + 1));
        for (int i = 0; i < 3; ++i) {
            waiting[who].push_back(managers[who]->begin_acquire("job"));
        }
        managers[who]->warm_up();
    }
    ASSERT_FALSE(holder.release(held));
    EXPECT_EQ(turns(managers, waiting),
              (std::vector<std::size_t>{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}));
    EXPECT_TRUE(only_fences_left());
}

TEST_F(fair_line, passes_over_a_manager_that_was_destroyed) {
    lock held = holder.take("job", {.lease_time = 60s});
    client first{turned, nodes.urls()};
    client second{turned, nodes.urls()};
    const auto gone = queue(first, 1);
    const auto next = queue(second, 2);
    first.manager.reset();
    ASSERT_FALSE(holder.release(held));
    ASSERT_TRUE(comes(next));
    EXPECT_FALSE(gone->value.valid());
    ASSERT_FALSE(second.release(next->value));
    EXPECT_TRUE(only_fences_left());
}

TEST_F(fair_line, passes_over_one_that_does_not_come) {
    lock held = holder.take("job", {.lease_time = 60s});
    loop stuck;
    client first{stuck, nodes.urls()};
    client second{turned, nodes.urls()};
    const auto late = queue(first, 1);  // its loop is not turned from here on
    const auto next = queue(second, 2);
    ASSERT_FALSE(holder.release(held));
    ASSERT_TRUE(comes(next));
    EXPECT_FALSE(late->done);
    ASSERT_FALSE(second.release(next->value));
    // Back again, it is served.
    EXPECT_TRUE(stuck.until([&] { return late->done; }, soon));
    EXPECT_TRUE(late->value.valid());
    EXPECT_FALSE(first.release(late->value));
    EXPECT_TRUE(only_fences_left());
}

TEST_F(fair_line, keeps_no_place_of_who_gives_up) {
    lock held = holder.take("job", {.lease_time = 60s});
    client user{turned, nodes.urls()};
    for (int times = 0; times < 20; ++times) {
        const auto waiting = queue(user, 1);
        waiting->cancel();
        ASSERT_TRUE(user.await([&] { return waiting->done; }));
        ASSERT_EQ(waiting->error, asio::error::operation_aborted);
        ASSERT_TRUE(user.await([&] { return nodes.in_line("job", 0); })) << "time " << times;
    }
    const auto hasty = user.acquire("job", {.wait = 300ms});
    EXPECT_EQ(hasty->error, errc::timed_out);
    EXPECT_TRUE(user.await([&] { return nodes.in_line("job", 0); }));
    ASSERT_FALSE(holder.release(held));
    EXPECT_TRUE(only_fences_left());
}

// At whichever step it is cancelled, its place goes.
TEST_F(fair_line, keeps_no_place_of_who_is_cancelled_at_any_step) {
    lock held = holder.take("job", {.lease_time = 60s});
    client user{turned, nodes.urls()};
    user.rehearse();
    for (int steps = 0; steps < 60; ++steps) {
        const auto waiting = user.begin_acquire("job");
        for (int i = 0; i < steps; ++i) {
            turned.step();
        }
        waiting->cancel();
        ASSERT_TRUE(user.await([&] { return waiting->done; }));
        user.warm_up();
        ASSERT_TRUE(nodes.in_line("job", 0)) << "after " << steps << " steps";
    }
    EXPECT_TRUE(held.valid());
}

TEST_F(fair_line, is_not_for_those_who_do_not_want_it) {
    lock held = holder.take("job", {.lease_time = 60s});
    client user{turned, nodes.urls()};
    const auto waiting = user.begin_acquire("job", {.fair = false});
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::attempt_failed) > 1; }));
    EXPECT_TRUE(nodes.in_line("job", 0));
    ASSERT_FALSE(holder.release(held));
    EXPECT_TRUE(comes(waiting));
}

/// It wants the lock again as soon as it has given it back.
struct greedy {
    client* who;
    std::size_t turns = 0;
    operation_ptr<lock> wanted{};
    operation_ptr<> given_back{};

    void go_on() {
        if (given_back && given_back->done) {
            given_back.reset();
        }
        if (!wanted && !given_back) {
            wanted = who->begin_acquire("job");
        }
        if (wanted && wanted->done) {
            EXPECT_FALSE(wanted->error);
            ++turns;
            given_back = who->begin_release(wanted->value);
            wanted.reset();
        }
    }
};

TEST_F(fair_line, is_shared_by_two_that_want_it_again_and_again) {
    client other{turned, nodes.urls()};
    greedy a{&holder};
    greedy b{&other};
    ASSERT_TRUE(turned.until([&] {
        a.go_on();
        b.go_on();
        return a.turns + b.turns >= 400;
    }));
    RecordProperty("turns_of_one", std::to_string(a.turns));
    RecordProperty("turns_of_the_other", std::to_string(b.turns));
    EXPECT_LE(a.turns, 2 * b.turns);
    EXPECT_LE(b.turns, 2 * a.turns);
    const auto ended = [](const greedy& each) { return !each.wanted || each.wanted->done; };
    EXPECT_TRUE(turned.until([&] {
        a.wanted&& a.wanted->done ? a.go_on() : void();
        b.wanted&& b.wanted->done ? b.go_on() : void();
        return ended(a) && ended(b);
    }));
}

/// What cycles with default options cost on the nodes, over names that come again.
struct uncontended : fair_line {
    std::size_t of(std::string_view name) { return nodes.commands(name); }
    /// Scripts, and what releases without one where the server has it.
    std::size_t requests() { return of("evalsha") + of("delifeq") + of("delex"); }
    void cycle(const std::string& name) {
        lock held = holder.take(name);
        ASSERT_FALSE(holder.release(held));
        ASSERT_TRUE(turned.until([&] { return nodes.having(name) == 0; }));
    }
};

TEST_F(uncontended, costs_one_request_to_acquire_and_one_to_release_whatever_ended_lately) {
    holder.rehearse();
    cycle("a");
    ASSERT_TRUE(silent_for(100ms, turned, nodes));
    const std::size_t before = requests();
    const std::size_t in_line = of("hgetall");
    for (int i = 0; i < 10; ++i) {
        cycle(i % 3 == 0 ? "a" : "b");
    }
    ASSERT_TRUE(silent_for(100ms, turned, nodes));
    EXPECT_EQ(requests() - before, 10 * 2 * nodes.size());
    EXPECT_EQ(of("hgetall"), in_line);
    EXPECT_EQ(of("hdel"), 0U);
}

TEST_F(uncontended, pays_once_for_one_who_has_given_up_waiting) {
    holder.rehearse();
    lock held = holder.take("job", {.lease_time = 60s});
    client user{turned, nodes.urls()};
    const auto waiting = queue(user, 1);
    waiting->cancel();
    ASSERT_TRUE(user.await([&] { return waiting->done && nodes.in_line("job", 0); }));
    ASSERT_FALSE(holder.release(held));
    cycle("job");
    ASSERT_TRUE(silent_for(100ms, turned, nodes));
    const std::size_t before = requests();
    cycle("job");
    ASSERT_TRUE(silent_for(100ms, turned, nodes));
    EXPECT_EQ(requests() - before, 2 * nodes.size());
}

}  // namespace
}  // namespace redlock::integration
