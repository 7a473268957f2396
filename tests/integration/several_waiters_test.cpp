// Who waits for several resources, on real servers: is woken by each name, gets on beside others in
// whatever order they name theirs, and leaves no trace when it goes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct several_waiters : testing::Test {
    [[nodiscard]] bool comes(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, soon) && waiter->value.valid();
    }
    /// It has looked, and is told of changes.
    void settle() { ASSERT_TRUE(silent_for(100ms, turned, nodes)); }
    void expect_nothing_left() {
        EXPECT_TRUE(turned.until(
            [&] { return nodes.having("a") + nodes.having("b") + nodes.having("c") == 0; }));
    }

    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(several_waiters, are_woken_by_the_end_of_each_name) {
    for (const char* const name : {"a", "b", "c"}) {
        lock plain = other.take(name, {.lease_time = 60s});
        const auto waiter = one.begin_acquire_all({"a", "b", "c"});
        settle();
        EXPECT_FALSE(waiter->done);
        EXPECT_FALSE(other.release(plain));
        ASSERT_TRUE(comes(waiter)) << name;
        EXPECT_FALSE(one.release(waiter->value));
    }
    expect_nothing_left();
}

TEST_F(several_waiters, are_woken_by_a_lock_of_the_same_manager) {
    for (const char* const name : {"a", "b", "c"}) {
        lock plain = one.take(name, {.lease_time = 60s});
        const auto waiter = one.begin_acquire_all({"a", "b", "c"});
        settle();
        EXPECT_FALSE(one.release(plain));
        ASSERT_TRUE(comes(waiter)) << name;
        EXPECT_FALSE(one.release(waiter->value));
    }
    lock readers = one.take_shared("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    settle();
    EXPECT_FALSE(one.release(readers));
    ASSERT_TRUE(comes(waiter));
}

TEST_F(several_waiters, come_when_the_last_of_several_holders_has_gone) {
    lock first = other.take("a", {.lease_time = 60s});
    lock second = one.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    settle();
    EXPECT_FALSE(other.release(first));
    settle();
    EXPECT_FALSE(waiter->done);
    EXPECT_EQ(nodes.having("a"), 0U) << "nothing is held while it waits";
    EXPECT_FALSE(one.release(second));
    EXPECT_TRUE(comes(waiter));
}

TEST_F(several_waiters, ask_nothing_while_nothing_changes) {
    lock plain = other.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    // Longer than the longest interval of those who have to look again and again.
    EXPECT_TRUE(silent_for(1500ms, turned, nodes));
    waiter->cancel();
    ASSERT_TRUE(turned.until([&] { return waiter->done; }));
}

TEST_F(several_waiters, wake_those_who_wait_for_each_of_their_names) {
    lock held = one.take_all({"a", "b", "c"}, {.lease_time = 60s});
    std::vector<operation_ptr<lock>> readers;
    for (client* const who : {&one, &other}) {
        for (const char* const name : {"a", "b", "c"}) {
            readers.push_back(who->begin_acquire_shared(name));
        }
    }
    settle();
    EXPECT_FALSE(one.release(held));
    for (const auto& each : readers) {
        EXPECT_TRUE(comes(each));
    }
}

TEST_F(several_waiters, wake_plain_ones_of_both_processes) {
    for (const char* const name : {"a", "b"}) {
        lock held = one.take_all({"a", "b"}, {.lease_time = 60s});
        const auto here = one.begin_acquire(name);
        const auto there = other.begin_acquire(name);
        settle();
        EXPECT_FALSE(one.release(held));
        ASSERT_TRUE(turned.until([&] { return here->done || there->done; }, soon));
        const bool here_first = here->done;
        EXPECT_FALSE((here_first ? one : other).release((here_first ? here : there)->value));
        const auto& second = here_first ? there : here;
        ASSERT_TRUE(comes(second));
        EXPECT_FALSE((here_first ? other : one).release(second->value));
    }
}

/// Takes and releases again and again, and counts.
struct in_a_loop {
    in_a_loop(client& who, std::vector<resource_name> what) : by(who), names(std::move(what)) {}

    void go_on() {
        if (waiting && waiting->done) {
            EXPECT_FALSE(waiting->error) << waiting->why.to_string();
            times += waiting->value.valid() ? 1 : 0;
            static_cast<void>(by.begin_release(waiting->value));
            waiting = nullptr;
        }
        if (!waiting) {
            waiting =
                names.size() == 1 ? by.begin_acquire(names.front()) : by.begin_acquire_all(names);
        }
    }

    client& by;
    std::vector<resource_name> names;
    operation_ptr<lock> waiting;
    int times = 0;
};

/// All of them get it this often, whatever the others do.
void expect_all_get_on(loop& turned, std::vector<in_a_loop>& all, int times) {
    EXPECT_TRUE(turned.until([&] {
        bool enough = true;
        for (in_a_loop& each : all) {
            each.go_on();
            enough = enough && each.times >= times;
        }
        return enough;
    }));
    for (const in_a_loop& each : all) {
        EXPECT_GE(each.times, times) << each.names.front().str() << " of " << each.names.size();
    }
    for (in_a_loop& each : all) {
        each.waiting->cancel();
    }
    EXPECT_TRUE(turned.until([&] {
        for (in_a_loop& each : all) {
            if (!each.waiting->done) {
                return false;
            }
        }
        return true;
    }));
}

TEST_F(several_waiters, in_opposite_orders_of_two_processes_never_block_each_other) {
    std::vector<in_a_loop> all;
    all.emplace_back(one, std::vector<resource_name>{"a", "b"});
    all.emplace_back(other, std::vector<resource_name>{"b", "a"});
    expect_all_get_on(turned, all, 50);
}

TEST_F(several_waiters, in_opposite_orders_of_one_process_never_block_each_other) {
    std::vector<in_a_loop> all;
    all.emplace_back(one, std::vector<resource_name>{"a", "b"});
    all.emplace_back(one, std::vector<resource_name>{"b", "a"});
    all.emplace_back(one, std::vector<resource_name>{"b", "c"});
    expect_all_get_on(turned, all, 50);
}

TEST_F(several_waiters, get_on_beside_plain_ones_of_their_process) {
    std::vector<in_a_loop> all;
    all.emplace_back(one, std::vector<resource_name>{"a", "b"});
    all.emplace_back(one, std::vector<resource_name>{"b", "a"});
    for (int i = 0; i < 3; ++i) {
        all.emplace_back(one, std::vector<resource_name>{"a"});
        all.emplace_back(one, std::vector<resource_name>{"b"});
    }
    expect_all_get_on(turned, all, 10);
}

TEST_F(several_waiters, get_on_beside_plain_ones_of_another_process) {
    std::vector<in_a_loop> all;
    all.emplace_back(one, std::vector<resource_name>{"a", "b"});
    all.emplace_back(other, std::vector<resource_name>{"a"});
    all.emplace_back(other, std::vector<resource_name>{"b"});
    expect_all_get_on(turned, all, 10);
}

// Whoever has b and wants a, too, would otherwise wait for one who waits for b.
TEST_F(several_waiters, do_not_keep_a_free_name_from_others_of_their_process_for_long) {
    lock held = one.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    settle();
    const auto behind = one.begin_acquire("a", {.lease_time = 60s});
    ASSERT_TRUE(comes(behind));
    EXPECT_FALSE(one.release(behind->value));
    EXPECT_FALSE(waiter->done);
    EXPECT_FALSE(one.release(held));
    EXPECT_TRUE(comes(waiter));
}

TEST_F(several_waiters, leave_nothing_when_they_are_cancelled_at_any_step) {
    one.rehearse();
    lock warm = one.take_all({"a", "b"});
    ASSERT_FALSE(one.release(warm));
    bool won_once = false;
    bool aborted_once = false;
    for (int steps = 0; steps < 60; ++steps) {
        const auto stopped = one.begin_acquire_all({"a", "b"}, {.label = steps % 2 ? "label" : ""});
        for (int i = 0; i < steps && !stopped->done; ++i) {
            turned.step();
        }
        stopped->cancel();
        ASSERT_TRUE(turned.until([&] { return stopped->done; }));
        if (stopped->error) {
            aborted_once = true;
            ASSERT_EQ(stopped->error, asio::error::operation_aborted);
            ASSERT_EQ(nodes.having("a") + nodes.having("b"), 0U) << "after " << steps << " steps";
            ASSERT_EQ(nodes.having(holder_of("b")), 0U) << "after " << steps << " steps";
        } else {
            won_once = true;
            ASSERT_FALSE(one.release(stopped->value));
            ASSERT_TRUE(turned.until([&] { return nodes.having("a") + nodes.having("b") == 0; }));
        }
    }
    EXPECT_TRUE(won_once);
    EXPECT_TRUE(aborted_once);
}

TEST_F(several_waiters, leave_nothing_when_they_are_cancelled_while_they_wait) {
    lock held = one.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    settle();
    waiter->cancel();
    ASSERT_TRUE(turned.until([&] { return waiter->done; }));
    EXPECT_EQ(waiter->error, asio::error::operation_aborted);
    const auto next = one.begin_acquire("b");
    EXPECT_FALSE(one.release(held));
    ASSERT_TRUE(comes(next)) << "no place of it is left in the queue";
    EXPECT_FALSE(one.release(next->value));
    expect_nothing_left();
}

TEST_F(several_waiters, give_up_when_their_time_is_over) {
    lock held = other.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"}, {.wait = 50ms});
    ASSERT_TRUE(turned.until([&] { return waiter->done; }));
    EXPECT_EQ(waiter->error, errc::timed_out);
    ASSERT_TRUE(waiter->why.holder);
    EXPECT_EQ(waiter->why.holder->token, held.token());
}

TEST_F(several_waiters, end_with_their_manager) {
    lock held = other.take("b", {.lease_time = 60s});
    const auto waiter = one.begin_acquire_all({"a", "b"});
    settle();
    EXPECT_FALSE(one.close());
    ASSERT_TRUE(turned.until([&] { return waiter->done; }));
    EXPECT_EQ(waiter->error, errc::closed);
}

}  // namespace
}  // namespace redlock::integration
