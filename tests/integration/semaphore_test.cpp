// Semaphores on real servers: how many hold a permit at once, who wakes whom, what is left when all
// have gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "integration/semaphore_fixture.hpp"

namespace redlock::integration {
namespace {

using testing::HasSubstr;

TEST_F(semaphores, have_as_many_holders_as_permits) {
    const semaphore pool{"pool", 3};
    std::vector<lock> held;
    held.push_back(one.take_any(pool));
    held.push_back(other.take_any(pool));
    held.push_back(one.take_any(pool));
    std::set<std::size_t> slots;
    for (const lock& each : held) {
        EXPECT_TRUE(each.valid());
        EXPECT_EQ(each.resource(), "pool");
        ASSERT_TRUE(each.slot());
        EXPECT_GE(nodes.having(slot_key(*each.slot()), each.token().str()), 2U);
        slots.insert(*each.slot());
    }
    EXPECT_EQ(slots, (std::set<std::size_t>{0, 1, 2}));
    for (client* each : {&one, &other}) {
        const auto refused = each->try_acquire_any(pool);
        EXPECT_EQ(refused->error, errc::contended);
        EXPECT_THAT(refused->why.message, HasSubstr("others hold all permits"));
    }
    EXPECT_FALSE(other.release(held[1]));
    lock again = one.take_any(pool, {.wait = wait_policy::none()});
    EXPECT_EQ(again.slot(), held[1].slot().value_or(*again.slot()));
    EXPECT_FALSE(one.release(again));
    EXPECT_FALSE(one.release(held[0]));
    EXPECT_FALSE(one.release(held[2]));
    expect_nothing_left(3);
}

TEST_F(semaphores, of_one_permit_exclude) {
    const semaphore pool{"pool", 1};
    lock held = one.take_any(pool);
    EXPECT_EQ(other.try_acquire_any(pool)->error, errc::contended);
    EXPECT_EQ(one.try_acquire_any(pool)->error, errc::contended);
    const auto waiting = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    const auto before = held.fencing_token();
    EXPECT_FALSE(one.release(held));
    ASSERT_TRUE(comes(waiting));
    EXPECT_GT(waiting->value.fencing_token(), before);
    EXPECT_FALSE(other.release(waiting->value));
    expect_nothing_left(1);
}

TEST_F(semaphores, have_nothing_to_do_with_a_lock_of_the_same_name) {
    lock plain = one.take("pool");
    lock permit = other.take_any({"pool", 1});
    EXPECT_FALSE(plain.slot());
    EXPECT_EQ(permit.slot(), 0U);
    EXPECT_FALSE(one.release(plain));
    EXPECT_FALSE(other.release(permit));
}

TEST_F(semaphores, refuse_a_client_that_counts_to_another_number) {
    lock held = one.take_any({"pool", 2});
    const auto refused = other.acquire_any({"pool", 3});
    EXPECT_EQ(refused->error, errc::permits_mismatch);
    EXPECT_THAT(refused->why.message, HasSubstr("has 3 permits here and 2 for other clients"));
    EXPECT_THAT(refused->why.message, HasSubstr("redlock:permits:{pool}"));
    // Where it is in use already, without a word to the nodes.
    const auto here = one.acquire_any({"pool", 3});
    EXPECT_EQ(here->error, errc::permits_mismatch);
    EXPECT_THAT(here->why.message, HasSubstr("3 permits here and 2 elsewhere in this process"));
    // What it was granted meanwhile is given back.
    EXPECT_FALSE(one.release(held));
    expect_nothing_left(3);
    // The number lives on, for as long as a fence does.
    EXPECT_EQ(other.acquire_any({"pool", 3})->error, errc::permits_mismatch);
    nodes.each([](redis_server& node) { node.command({"DEL", "redlock:permits:{pool}"}); });
    lock grown = other.take_any({"pool", 3});
    EXPECT_FALSE(other.release(grown));
}

TEST_F(semaphores, refuse_numbers_that_cannot_be) {
    for (const std::size_t permits : {std::size_t{0}, std::size_t{1025}, SIZE_MAX}) {
        const auto refused = one.acquire_any({"pool", permits});
        EXPECT_EQ(refused->error, errc::invalid_argument);
        EXPECT_THAT(refused->why.message, HasSubstr("from 1 to 1024"));
    }
    EXPECT_EQ(one.acquire("redlock:slot:{pool}:0")->error, errc::invalid_argument);
}

TEST_F(semaphores, wake_those_who_wait_elsewhere_without_polling) {
    const semaphore pool{"pool", 2};
    lock first = one.take_any(pool, {.lease_time = 60s});
    lock second = one.take_any(pool, {.lease_time = 60s});
    const auto waiting = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    ASSERT_TRUE(silent_for(300ms, turned, nodes)) << "it polls";
    EXPECT_FALSE(one.release(second));
    ASSERT_TRUE(comes(waiting));
    const auto next = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    EXPECT_FALSE(one.release(first));
    ASSERT_TRUE(comes(next));
    EXPECT_NE(waiting->value.slot(), next->value.slot());
}

TEST_F(semaphores, serve_those_who_wait_in_their_order) {
    const semaphore pool{"pool", 2};
    lock first = one.take_any(pool, {.lease_time = 60s});
    lock second = one.take_any(pool, {.lease_time = 60s});
    client third{turned, nodes.urls()};
    const auto early = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    const auto late = third.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(2));
    EXPECT_FALSE(one.release(second));
    ASSERT_TRUE(comes(early));
    EXPECT_FALSE(late->done);
    EXPECT_FALSE(one.release(first));
    EXPECT_TRUE(comes(late));
}

TEST_F(semaphores, leave_nothing_behind_when_they_are_cancelled) {
    const semaphore pool{"pool", 2};
    lock first = one.take_any(pool, {.lease_time = 60s});
    lock second = one.take_any(pool, {.lease_time = 60s});
    const auto waiting = other.begin_acquire_any(pool);
    const auto behind = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    waiting->cancel();
    ASSERT_TRUE(turned.until([&] { return waiting->done; }));
    EXPECT_EQ(waiting->error, asio::error::operation_aborted);
    behind->cancel();
    ASSERT_TRUE(turned.until([&] { return behind->done; }));
    ASSERT_TRUE(in_line(0));
    EXPECT_FALSE(one.release(first));
    EXPECT_FALSE(one.release(second));
    expect_nothing_left(2);
}

TEST_F(semaphores, get_the_slot_of_a_holder_that_has_vanished) {
    const semaphore pool{"pool", 2};
    lock kept = one.take_any(pool, {.lease_time = 60s});
    lock lost = one.take_any(pool, {.lease_time = 1s, .renew = false});
    const auto slot = lost.slot();
    lost.detach();
    lock next = other.take_any(pool);
    EXPECT_EQ(next.slot(), slot);
}

TEST_F(semaphores, know_when_a_permit_is_lost) {
    lock held = one.take_any({"pool", 2}, {.lease_time = 60s});
    const auto lost = one.begin_wait_lost(held);
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    nodes.each([&](redis_server& node) { node.command({"DEL", slot_key(*held.slot())}); });
    ASSERT_TRUE(turned.until([&] { return lost->done; }, soon));
    EXPECT_EQ(lost->error, errc::lost);
    EXPECT_FALSE(held.valid());
}

TEST_F(semaphores, are_extended_and_cannot_be_shared) {
    lock held = one.take_any({"pool", 2}, {.lease_time = 5s});
    EXPECT_FALSE(one.extend(held, 30s));
    EXPECT_EQ(one.downgrade(held), errc::invalid_argument);
    EXPECT_EQ(held.mode(), lock_mode::exclusive);
    EXPECT_GT(held.remaining(), 20s);
}

TEST_F(semaphores, outlive_a_frozen_node) {
    lock rehearsed = one.take_any({"pool", 2});
    EXPECT_FALSE(one.release(rehearsed));
    other.rehearse();
    nodes.freeze(2, 3);
    lock first = one.take_any({"pool", 2});
    lock second = other.take_any({"pool", 2});
    EXPECT_EQ(one.try_acquire_any({"pool", 2})->error, errc::contended);
    EXPECT_FALSE(one.release(first));
    EXPECT_FALSE(other.release(second));
    nodes.thaw();
    expect_nothing_left(2);
}

TEST_F(semaphores, give_a_thousand_permits_at_once) {
    const semaphore pool{"pool", 1000};
    std::vector<operation_ptr<lock>> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(one.begin_acquire_any(pool));
    }
    std::set<std::size_t> slots;
    ASSERT_TRUE(turned.until(
        [&] { return std::ranges::all_of(all, [](const auto& each) { return each->done; }); }));
    for (const auto& each : all) {
        ASSERT_FALSE(each->error) << each->error.message();
        slots.insert(each->value.slot().value());
    }
    EXPECT_EQ(slots.size(), 1000U);
    EXPECT_EQ(other.try_acquire_any(pool)->error, errc::contended);
    EXPECT_FALSE(one.release(all[400]->value));
    EXPECT_TRUE(other.take_any(pool, {.wait = 10s}).valid());
}

// More than a node looks at in one call: whichever comes free is found, by one who waits and by one
// who was refused before.
TEST_F(semaphores, find_the_one_of_many_permits_that_comes_free) {
    const semaphore pool{"pool", 150};
    const acquire_options unrenewed{.lease_time = 60s, .renew = false};
    std::vector<operation_ptr<lock>> held;
    for (std::size_t i = 0; i < pool.permits; ++i) {
        held.push_back(one.begin_acquire_any(pool, unrenewed));
    }
    ASSERT_TRUE(turned.until([&] {
        return std::ranges::all_of(held, [](const auto& each) { return each->value.valid(); });
    }));
    EXPECT_EQ(other.try_acquire_any(pool)->error, errc::contended);
    const auto slot_of = [](const auto& each) { return each->value.slot().value_or(0); };
    std::ranges::sort(held, {}, slot_of);
    for (const std::size_t slot : {0U, 70U, 149U}) {
        EXPECT_FALSE(one.release(held[slot]->value));
        const auto taken = other.try_acquire_any(pool);
        ASSERT_FALSE(taken->error) << slot;
        EXPECT_EQ(taken->value.slot(), slot);
        const auto waiting = one.begin_acquire_any(pool, unrenewed);
        ASSERT_TRUE(in_line(1));
        EXPECT_FALSE(other.release(taken->value));
        ASSERT_TRUE(comes(waiting)) << slot;
        held[slot] = waiting;
    }
}

// A round reads no more than 64 slots. News of the others must not be lost when it begins.
TEST_F(semaphores, hear_of_a_slot_that_the_latest_round_has_not_read) {
    const semaphore pool{"pool", 150};
    std::vector<operation_ptr<lock>> held;
    for (std::size_t i = 0; i < pool.permits; ++i) {
        held.push_back(one.begin_acquire_any(pool, {.lease_time = 60s, .renew = false}));
    }
    ASSERT_TRUE(turned.until([&] {
        return std::ranges::all_of(held, [](const auto& each) { return each->value.valid(); });
    }));
    const auto waiting = other.begin_acquire_any(pool);
    ASSERT_TRUE(in_line(1));
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    nodes[0].command({"DEL", slot_key(149)});
    // So that a round begins, which reads what is behind this slot.
    nodes[1].command({"PEXPIRE", slot_key(70), "59000"});
    nodes[2].command({"PEXPIRE", slot_key(70), "59000"});
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    ASSERT_FALSE(waiting->done);
    nodes[1].command({"DEL", slot_key(149)});
    ASSERT_TRUE(comes(waiting));
    EXPECT_EQ(waiting->value.slot(), 149U);
}

TEST_F(semaphores, take_permits_by_the_plain_request_once_the_number_is_known) {
    const semaphore pool{"pool", 4};
    lock first = one.take_any(pool);
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    const std::size_t before = nodes.commands("mget") + nodes.commands("exists");
    const std::size_t sets = nodes.commands("set");
    lock second = one.take_any(pool);
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    EXPECT_EQ(nodes.commands("mget") + nodes.commands("exists"), before);
    EXPECT_EQ(nodes.commands("set") - sets, 6U) << "the lock and its fence on each node";
}

TEST_F(semaphores, guard_a_coroutine) {
    turned.run([this]() -> asio::awaitable<void> {
        const int read = co_await with_permit(*one.manager, semaphore{"pool", 2},
                                              [](lock& held) -> asio::awaitable<int> {
                                                  EXPECT_TRUE(held.valid());
                                                  EXPECT_TRUE(held.slot());
                                                  co_return 7;
                                              });
        EXPECT_EQ(read, 7);
    });
    expect_nothing_left(2);
}

TEST_F(semaphores, are_a_counting_semaphore_to_threads) {
    mutex_context context{nodes.urls(), usual_options()};
    mutex_context elsewhere{nodes.urls(), usual_options()};
    counting_semaphore pool{context, {"pool", 2}};
    counting_semaphore same{elsewhere, {"pool", 2}};
    static_assert(counting_semaphore::max() == 1024);
    pool.acquire();
    EXPECT_TRUE(same.try_acquire());
    EXPECT_FALSE(pool.try_acquire());
    EXPECT_FALSE(same.try_acquire_for(50ms));
    EXPECT_EQ(pool.valid_permits(), 1U);
    pool.release();
    EXPECT_EQ(pool.valid_permits(), 0U);
    EXPECT_TRUE(same.try_acquire_until(std::chrono::steady_clock::now() + 10s));
    EXPECT_EQ(same.valid_permits(), 2U);
    EXPECT_FALSE(pool.try_acquire());
    pool.release();  // it has none
    same.release(2);
    EXPECT_TRUE(pool.try_acquire());
    counting_semaphore wrong{elsewhere, {"pool", 3}};
    EXPECT_THROW(wrong.acquire(), lock_error);
    pool.release();
}

}  // namespace
}  // namespace redlock::integration
