// Semaphores within a process that has several waiters: who is handed a permit, and how many are
// inside at once, on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

#include "integration/semaphore_fixture.hpp"

namespace redlock::integration {
namespace {

TEST_F(semaphores, pass_a_permit_on_within_the_process) {
    const semaphore pool{"pool", 1};
    lock held = one.take_any(pool);
    const auto slot = held.slot();
    const auto next = one.begin_acquire_any(pool);
    const auto last = one.begin_acquire_any(pool);
    turned.step();
    EXPECT_FALSE(one.release(held));
    ASSERT_TRUE(comes(next));
    // The lease of the first was asked for when nobody waited, so that it had one fencing token.
    EXPECT_FALSE(one.release(next->value));
    ASSERT_TRUE(comes(last));
    EXPECT_EQ(last->value.slot(), slot);
    EXPECT_EQ(one.manager->statistics().handed_over, 1U);
    EXPECT_FALSE(one.release(last->value));
    expect_nothing_left(1);
}

/// Holds one of two permits, and one of its waiters asks the nodes for the other.
struct a_busy_process : semaphores {
    static manager_options patient() {
        manager_options options;
        options.hand_over_time = 60s;
        return options;
    }
    /// `queue_up` begins those that wait behind the second.
    void hold_one_of_two(const std::function<void()>& queue_up) {
        lock early = busy.take_any(pool, {.lease_time = 60s});
        lock held = other.take_any(pool, {.lease_time = 60s});
        first = busy.begin_acquire_any(pool);
        second = busy.begin_acquire_any(pool);
        queue_up();
        ASSERT_TRUE(in_line(1)) << "the process holds one of two";
        EXPECT_FALSE(other.release(held));
        ASSERT_TRUE(comes(first));
        elsewhere = other.begin_acquire_any(pool, {.lease_time = 60s});
        ASSERT_TRUE(in_line(1));
        // Its lease was asked for when nobody waited, so that it has no fencing token for the next.
        EXPECT_FALSE(busy.release(early));
        ASSERT_TRUE(comes(elsewhere));
        ASSERT_TRUE(in_line(1)) << "the second";
    }

    const semaphore pool{"pool", 2};
    client busy{turned, nodes.urls(), patient()};
    operation_ptr<lock> first;   ///< Has the permit.
    operation_ptr<lock> second;  ///< Asks the nodes.
    operation_ptr<lock> elsewhere;
};

TEST_F(a_busy_process, passes_a_permit_to_the_one_behind_the_one_that_asks_the_nodes) {
    operation_ptr<lock> third;
    ASSERT_NO_FATAL_FAILURE(hold_one_of_two([&] { third = busy.begin_acquire_any(pool); }));
    EXPECT_FALSE(busy.release(first->value));
    ASSERT_TRUE(comes(third));
    EXPECT_FALSE(second->done);
    EXPECT_EQ(busy.manager->statistics().handed_over, 1U);
    ASSERT_TRUE(silent_for(300ms, turned, nodes)) << "between two rounds";
    EXPECT_FALSE(busy.release(third->value));
    ASSERT_TRUE(comes(second)) << "nobody else waits here";
    EXPECT_EQ(busy.manager->statistics().handed_over, 2U);
    EXPECT_EQ(second->value.slot(), third->value.slot());
    EXPECT_TRUE(in_line(0));
}

TEST_F(a_busy_process, passes_no_permit_to_one_behind_another_that_needs_a_lease_of_its_own) {
    operation_ptr<lock> labelled;
    operation_ptr<lock> last;
    ASSERT_NO_FATAL_FAILURE(hold_one_of_two([&] {
        labelled = busy.begin_acquire_any(pool, {.label = "me"});
        last = busy.begin_acquire_any(pool);
    }));
    ASSERT_TRUE(silent_for(300ms, turned, nodes)) << "between two rounds";
    EXPECT_FALSE(busy.release(first->value));
    ASSERT_TRUE(comes(second));
    EXPECT_EQ(busy.manager->statistics().handed_over, 1U);
    EXPECT_FALSE(last->done);
    EXPECT_FALSE(labelled->done);
}

/// How many are inside at once.
struct crowd {
    std::size_t inside = 0;
    std::size_t most = 0;
    int done = 0;
    std::vector<std::uint64_t> largest;
    int refused = 0;
};

asio::awaitable<void> enter(lock_manager& locks, semaphore pool, crowd& all, int times) {
    while (times-- > 0) {
        lock held = co_await locks.async_acquire_any(pool, {}, asio::use_awaitable);
        all.most = std::max(all.most, ++all.inside);
        auto& largest = all.largest.at(held.slot().value());
        all.refused += held.fencing_token().value() <= largest ? 1 : 0;
        largest = held.fencing_token().value();
        for (int i = 0; i < 3; ++i) {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
        --all.inside;
        co_await held.async_release(asio::as_tuple(asio::use_awaitable));
        ++all.done;
    }
}

struct crowded_semaphores : semaphores, testing::WithParamInterface<std::size_t> {};

TEST_P(crowded_semaphores, let_in_no_more_than_their_permits) {
    const semaphore pool{"pool", GetParam()};
    client third{turned, nodes.urls()};
    crowd all{.largest = std::vector<std::uint64_t>(GetParam())};
    constexpr int coroutines = 8;
    constexpr int times = 15;
    int running = 0;
    for (client* each : {&one, &other, &third}) {
        for (int i = 0; i < coroutines; ++i) {
            ++running;
            asio::co_spawn(turned.io, enter(*each->manager, pool, all, times),
                           [&](const std::exception_ptr& failure) {
                               EXPECT_EQ(failure, nullptr);
                               --running;
                           });
        }
    }
    ASSERT_TRUE(turned.until([&] { return running == 0; }));
    EXPECT_EQ(all.done, 3 * coroutines * times);
    EXPECT_LE(all.most, GetParam());
    EXPECT_GT(all.most, GetParam() / 2) << "permits lie idle";
    EXPECT_EQ(all.refused, 0) << "fencing tokens of a slot fell back";
    expect_nothing_left(GetParam());
}

INSTANTIATE_TEST_SUITE_P(of, crowded_semaphores, testing::Values(1U, 2U, 3U, 7U));

}  // namespace
}  // namespace redlock::integration
