// The local queue: waiters of one manager stand in the order in which they came, and only the first
// of them asks the nodes. One that leaves the queue early leaves without a trace, and whatever
// ends the holder's lock lets the queue go on. Commands are counted by the nodes themselves.
#include <gtest/gtest.h>
#include <malloc.h>

#include <boost/asio/bind_executor.hpp>
#include <string>
#include <vector>

#include "integration/harness.hpp"
#include "scripts/scripts.hpp"

namespace redlock::integration {
namespace {

struct local_queue : testing::Test {
    std::vector<operation_ptr<lock>> begin(std::size_t count, acquire_options options = {}) {
        std::vector<operation_ptr<lock>> all;
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(user.begin_acquire("job", options));
        }
        user.warm_up();  // all stand in queue by now: the strand came to them first
        return all;
    }
    /// Gets the lock within the time that no fallback explains.
    [[nodiscard]] bool soon(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, 5s) && waiter->value.valid();
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(local_queue, is_served_in_the_order_in_which_they_came) {
    lock held = other.take("job", {.lease_time = 60s});
    const auto all = begin(30);
    ASSERT_FALSE(other.release(held));
    fencing_token last = held.fencing_token();
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(user.await([&] { return all[i]->done; })) << i;
        ASSERT_FALSE(all[i]->error);
        EXPECT_GT(all[i]->value.fencing_token(), last);
        last = all[i]->value.fencing_token();
        for (std::size_t later = i + 1; later < all.size(); ++later) {
            ASSERT_FALSE(all[later]->done) << later << " came before " << i + 1;
        }
        ASSERT_FALSE(user.release(all[i]->value));
    }
}

// Such a release is sent once more, then behind the ACQUIRE of the next, which finds the lock held.
// The nodes do not tell it of the end, since it came on its own connection.
TEST_F(local_queue, goes_on_soon_where_the_nodes_do_not_know_the_script_of_the_release) {
    manager_options no_hand_over = usual_options();
    no_hand_over.hand_over_count = 0;
    client alone{turned, nodes.urls(), no_hand_over};
    // Who begins to listen looks once more, and would see it.
    lock another = other.take("another", {.lease_time = 60s});
    const auto listens = alone.begin_acquire("another");
    ASSERT_TRUE(alone.await([&] {
        return nodes.count([](redis_server& node) {
            return node.command({"CLIENT", "LIST"}).find("flags=t") != std::string::npos;
        }) == nodes.size();
    }));
    lock held = alone.take("job", {.lease_time = 60s});
    const auto next = alone.begin_acquire("job");
    alone.warm_up();
    nodes.each([](redis_server& node) {
        node.command({"SCRIPT", "FLUSH"});
        node.command({"SCRIPT", "LOAD", std::string{scripts::acquire_in_line.body}});
    });
    const auto released = alone.begin_release(held);
    EXPECT_TRUE(soon(next));
}

TEST_F(local_queue, asks_the_nodes_nothing_behind_a_holder_of_its_own) {
    lock held = user.take("job", {.lease_time = 60s});
    user.warm_up();
    const auto start = nodes.commands();
    user.warm_up();
    const auto afterwards = nodes.commands();
    const auto all = begin(50);
    EXPECT_EQ(nodes.commands() - afterwards, afterwards - start) << "what a look costs, no more";
    EXPECT_FALSE(all.front()->done);
}

TEST_F(local_queue, sends_only_its_first_to_the_nodes) {
    lock held = other.take("job", {.lease_time = 60s});
    const auto all = begin(50);
    EXPECT_TRUE(user.await([&] { return nodes.in_line("job", 1); }));
    user.warm_up();
    EXPECT_TRUE(nodes.in_line("job", 1)) << "one place for all of them";
    // The first asks, asks for a place, and looks again as each node begins to tell.
    EXPECT_LT(user.events().count(event_kind::attempt_failed), 25U);
}

TEST_F(local_queue, goes_on_without_those_who_were_cancelled_in_the_middle) {
    lock held = other.take("job", {.lease_time = 60s});
    const auto all = begin(5);
    user.warm_up();
    for (const std::size_t i : {1U, 3U}) {
        all[i]->cancel();
        ASSERT_TRUE(user.await([&] { return all[i]->done; }));
        EXPECT_EQ(all[i]->error, asio::error::operation_aborted);
    }
    EXPECT_FALSE(other.release(held));
    for (const std::size_t i : {0U, 2U, 4U}) {
        ASSERT_TRUE(soon(all[i])) << i;
        EXPECT_FALSE(user.release(all[i]->value));
    }
    EXPECT_TRUE(user.await([&] { return nodes.having("job") == 0 && nodes.in_line("job", 0); }));
    EXPECT_EQ(user.events().count(event_kind::acquired), 3U);
}

TEST_F(local_queue, goes_on_without_a_first_that_was_cancelled) {
    lock held = other.take("job", {.lease_time = 60s});
    const auto all = begin(2);
    ASSERT_TRUE(user.await([&] { return nodes.in_line("job", 1); }));
    all[0]->cancel();
    ASSERT_TRUE(user.await([&] { return all[0]->done; }));
    EXPECT_EQ(all[0]->error, asio::error::operation_aborted);
    EXPECT_FALSE(other.release(held));
    EXPECT_TRUE(soon(all[1]));
}

TEST_F(local_queue, goes_on_without_those_whose_time_was_up) {
    lock held = user.take("job", {.lease_time = 60s});
    const auto first = user.begin_acquire("job");
    const auto hasty = user.begin_acquire("job", {.wait = 20ms});
    const auto last = user.begin_acquire("job");
    ASSERT_TRUE(user.await([&] { return hasty->done; }));
    EXPECT_EQ(hasty->error, errc::timed_out);
    EXPECT_FALSE(hasty->why.message.empty());
    EXPECT_FALSE(first->done);
    EXPECT_FALSE(user.release(held));
    ASSERT_TRUE(soon(first));
    EXPECT_FALSE(user.release(first->value));
    EXPECT_TRUE(soon(last));
}

TEST_F(local_queue, competes_when_the_lock_before_it_is_lost) {
    lock held = user.take("job", {.lease_time = 60s});
    const auto watching = user.begin_wait_lost(held);
    const auto all = begin(2);
    nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    ASSERT_TRUE(user.await([&] { return watching->done; }));
    EXPECT_EQ(watching->error, errc::lost);
    ASSERT_TRUE(soon(all[0]));
    EXPECT_GT(all[0]->value.fencing_token(), held.fencing_token());
    EXPECT_FALSE(user.release(all[0]->value));
    EXPECT_TRUE(soon(all[1]));
}

TEST_F(local_queue, forgets_a_holder_whose_lock_somebody_here_acquired_meanwhile) {
    lock first = user.take("job", {.lease_time = 60s});
    nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    lock second = user.take("job", {.wait = wait_policy::none()});
    EXPECT_FALSE(user.release(second));
    // The queue is gone by now, and was the first one's too.
    EXPECT_EQ(user.release(first), errc::lost);
    const auto all = begin(2);
    ASSERT_TRUE(soon(all[0]));
    EXPECT_FALSE(user.release(all[0]->value));
    EXPECT_TRUE(soon(all[1]));
}

TEST_F(local_queue, waits_outside_when_the_lock_before_it_is_detached) {
    lock held = user.take("job", {.lease_time = 60s});
    const auto all = begin(1);
    EXPECT_EQ(user.events().count(event_kind::attempt_failed), 0U);
    static_cast<void>(held.detach());
    ASSERT_TRUE(user.await([&] { return user.events().count(event_kind::attempt_failed) > 0; }));
    EXPECT_FALSE(all[0]->done);
    nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    EXPECT_TRUE(soon(all[0]));
}

TEST_F(local_queue, ends_with_its_manager) {
    lock held = other.take("job", {.lease_time = 60s});
    const auto all = begin(5);
    ASSERT_TRUE(user.await([&] { return nodes.in_line("job", 1); }));
    EXPECT_FALSE(user.close());
    for (const auto& each : all) {
        ASSERT_TRUE(user.await([&] { return each->done; }));
        EXPECT_EQ(each->error, errc::closed);
    }
    EXPECT_TRUE(held.valid());
    EXPECT_FALSE(other.release(held));
    EXPECT_TRUE(other.await([&] { return nodes.having("job") == 0; }));
}

// Acquisitions with an attempt limit stand in no queue, and may get the lock past it.
TEST_F(local_queue, is_not_for_those_who_limit_their_attempts) {
    lock held = user.take("job", {.lease_time = 60s});
    const auto all = begin(1);
    EXPECT_EQ(user.try_acquire("job")->error, errc::contended);
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(soon(all[0]));
}

TEST_F(local_queue, costs_less_than_a_kibibyte_for_each_who_waits) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizers' allocator keeps its own accounts";
#else
    lock held = other.take("job", {.lease_time = 60s});
    constexpr std::size_t waiting = 1'000;
    std::size_t ended = 0;
    const auto join = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            user.manager->async_acquire(
                "job", {},
                asio::bind_executor(turned.io, [&](error_code, const lock&) { ++ended; }));
        }
        user.warm_up();
    };
    join(1);  // connections, the queue itself
    ASSERT_TRUE(user.await([&] { return nodes.in_line("job", 1); }));
    user.warm_up();
    // These leave behind what the thread uses again; see docs/decisions/memory-is-used-again.md.
    join(waiting);
    const auto in_use = [] {
        const auto all = ::mallinfo2();
        return all.uordblks + all.hblkhd;
    };
    const auto before = in_use();
    join(waiting);
    const auto each = (in_use() - before) / waiting;
    RecordProperty("bytes_a_waiter", static_cast<int>(each));
    EXPECT_LT(each, 1024U);
    EXPECT_GT(each, 100U) << "nothing was measured";
    EXPECT_EQ(ended, 0U);
    EXPECT_FALSE(user.close());
    EXPECT_TRUE(user.await([&] { return ended == 2 * waiting + 1; }));
#endif
}

}  // namespace
}  // namespace redlock::integration
