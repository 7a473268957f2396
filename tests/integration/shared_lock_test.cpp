// Shared locks beside exclusive ones, on real servers: who excludes whom, who wakes whom, and what
// is left when all have gone.
#include <gtest/gtest.h>

#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct shared_locks : testing::Test {
    [[nodiscard]] bool comes(const operation_ptr<lock>& waiter) {
        return turned.until([&] { return waiter->done; }, soon) && waiter->value.valid();
    }
    [[nodiscard]] std::size_t nodes_with_readers() {
        return nodes.count([](redis_server& node) {
            return node.get("page").value_or("").starts_with("redlock:shared");
        });
    }
    /// Nothing but fences, which end by themselves.
    void expect_nothing_left() {
        EXPECT_TRUE(turned.until([&] {
            return nodes.having("page") == 0 && nodes.having("redlock:readers:{page}") == 0;
        }));
    }

    cluster nodes{3};
    loop turned;
    client one{turned, nodes.urls()};
    client other{turned, nodes.urls()};
};

TEST_F(shared_locks, are_held_by_many_at_once) {
    std::vector<lock> readers;
    for (int i = 0; i < 10; ++i) {
        readers.push_back(one.take_shared("page"));
        readers.push_back(other.take_shared("page"));
    }
    for (const lock& each : readers) {
        EXPECT_TRUE(each.valid());
        EXPECT_EQ(each.mode(), lock_mode::shared);
    }
    for (lock& each : readers) {
        EXPECT_FALSE(one.release(each));
    }
    expect_nothing_left();
}

TEST_F(shared_locks, exclude_exclusive_ones_and_are_excluded_by_them) {
    lock reader = one.take_shared("page");
    EXPECT_EQ(other.try_acquire("page")->error, errc::contended);
    EXPECT_EQ(one.try_acquire("page")->error, errc::contended);
    EXPECT_FALSE(one.release(reader));
    lock writer = other.take("page");
    EXPECT_EQ(writer.mode(), lock_mode::exclusive);
    EXPECT_EQ(one.try_acquire_shared("page")->error, errc::contended);
    EXPECT_EQ(other.try_acquire_shared("page")->error, errc::contended);
    EXPECT_FALSE(other.release(writer));
    expect_nothing_left();
}

TEST_F(shared_locks, have_tokens_above_those_of_the_exclusive_locks_before_and_below_those_after) {
    fencing_token last;
    for (int round = 0; round < 5; ++round) {
        lock writer = one.take("page");
        EXPECT_GT(writer.fencing_token(), last);
        last = writer.fencing_token();
        ASSERT_FALSE(one.release(writer));
        lock first = other.take_shared("page");
        lock second = one.take_shared("page");
        EXPECT_GT(first.fencing_token(), last);
        EXPECT_GT(second.fencing_token(), last);
        last = std::max(first.fencing_token(), second.fencing_token());
        ASSERT_FALSE(other.release(first));
        ASSERT_FALSE(one.release(second));
    }
}

TEST_F(shared_locks, wake_an_exclusive_waiter_when_the_last_of_them_goes) {
    lock first = one.take_shared("page", {.lease_time = 60s});
    lock second = one.take_shared("page", {.lease_time = 60s});
    const auto elsewhere = other.begin_acquire("page");
    const auto here = one.begin_acquire("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 2); }));
    EXPECT_FALSE(one.release(first));
    EXPECT_FALSE(elsewhere->done);
    EXPECT_FALSE(here->done);
    EXPECT_FALSE(one.release(second));
    ASSERT_TRUE(turned.until([&] { return elsewhere->done || here->done; }, soon));
    const bool other_won = elsewhere->done;
    EXPECT_FALSE((other_won ? other : one).release((other_won ? elsewhere : here)->value));
    EXPECT_TRUE(comes(other_won ? here : elsewhere));
}

TEST_F(shared_locks, come_together_when_an_exclusive_lock_goes) {
    lock writer = one.take("page", {.lease_time = 60s});
    std::vector<operation_ptr<lock>> waiting;
    for (int i = 0; i < 5; ++i) {
        waiting.push_back(one.begin_acquire_shared("page"));
        waiting.push_back(other.begin_acquire_shared("page"));
    }
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 10); }));
    EXPECT_FALSE(one.release(writer));
    for (const auto& each : waiting) {
        EXPECT_TRUE(comes(each));
    }
}

// The nodes do not tell a manager of what it does itself.
TEST_F(shared_locks, come_when_an_exclusive_lock_of_the_same_manager_goes_and_another_waits) {
    lock writer = one.take("page", {.lease_time = 60s});
    const auto reader = one.begin_acquire_shared("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 1); }));
    // It gives back what a grant that came late left, and waits to be told.
    ASSERT_TRUE(silent_for(300ms, turned, nodes));
    const auto next = one.begin_acquire("page", {.label = "takes no lease of others"});
    turned.step();
    EXPECT_FALSE(one.release(writer));
    EXPECT_TRUE(comes(reader));
    EXPECT_FALSE(one.release(reader->value));
    EXPECT_TRUE(comes(next));
}

TEST_F(shared_locks, let_a_waiting_exclusive_lock_come_before_new_ones) {
    lock reader = one.take_shared("page", {.lease_time = 60s});
    const auto writer = other.begin_acquire("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 1); }));
    const auto late = one.begin_acquire_shared("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 2); }));
    EXPECT_FALSE(late->done);
    EXPECT_FALSE(one.release(reader));
    ASSERT_TRUE(comes(writer));
    EXPECT_FALSE(late->done);
    EXPECT_FALSE(other.release(writer->value));
    EXPECT_TRUE(comes(late));
}

// Nothing wakes it while readers come and go, and still it is not taken for dead.
TEST_F(shared_locks, do_not_overtake_an_exclusive_lock_that_waits) {
    lock reader = one.take_shared("page", {.lease_time = 60s});
    const auto writer = other.begin_acquire("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 1); }));
    client third{turned, nodes.urls()};
    const auto late = third.begin_acquire_shared("page", {.wait = 3s});
    ASSERT_TRUE(turned.until([&] { return late->done; }, soon));
    EXPECT_EQ(late->error, errc::timed_out);
    EXPECT_FALSE(one.release(reader));
    EXPECT_TRUE(comes(writer));
}

TEST_F(shared_locks, are_extended) {
    lock reader = one.take_shared("page", {.lease_time = 5s});
    lock beside = other.take_shared("page", {.lease_time = 1s});
    const auto before = reader.valid_until();
    EXPECT_FALSE(one.extend(reader, 30s));
    EXPECT_GT(reader.valid_until(), before);
    EXPECT_FALSE(other.release(beside));
    // The third may be later than the majority.
    nodes.each([&](redis_server& node) {
        EXPECT_TRUE(turned.until([&] {
            return std::stoll(node.command({"PTTL", "page"})) > 20'000;
        }));
    });
}

TEST_F(shared_locks, are_put_back_on_a_node_that_has_lost_them) {
    lock reader = one.take_shared("page", {.lease_time = 60s});
    nodes[0].command({"DEL", "page", "redlock:readers:{page}"});
    EXPECT_FALSE(one.extend(reader));
    ASSERT_TRUE(turned.until([&] { return nodes_with_readers() == 3; }));
    EXPECT_FALSE(one.release(reader));
    ASSERT_TRUE(turned.until([&] { return nodes.having("page") == 0; }));
}

TEST_F(shared_locks, know_when_they_are_lost) {
    lock reader = one.take_shared("page", {.lease_time = 60s, .renew = false});
    nodes.each([](redis_server& node) {
        node.command({"DEL", "page"});
        node.command({"SET", "page", "theirs", "PX", "60000"});
    });
    EXPECT_EQ(one.extend(reader), errc::lost);
    EXPECT_FALSE(reader.valid());
    EXPECT_EQ(nodes.having("page", "theirs"), 3U);
}

TEST_F(shared_locks, become_of_exclusive_ones_without_a_gap) {
    lock writer = one.take("page", {.lease_time = 60s});
    const auto waiting = other.begin_acquire_shared("page");
    const auto here = one.begin_acquire_shared("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 2); }));
    const auto token = writer.fencing_token();
    EXPECT_FALSE(one.downgrade(writer));
    EXPECT_EQ(writer.mode(), lock_mode::shared);
    EXPECT_EQ(writer.fencing_token(), token);
    EXPECT_TRUE(writer.valid());
    EXPECT_TRUE(comes(waiting));
    EXPECT_TRUE(comes(here));
    EXPECT_EQ(other.try_acquire("page")->error, errc::contended);
    EXPECT_FALSE(one.release(writer));
    EXPECT_FALSE(other.release(waiting->value));
    EXPECT_FALSE(one.release(here->value));
    ASSERT_TRUE(turned.until([&] { return nodes.having("page") == 0; }));
}

TEST_F(shared_locks, leave_nothing_behind_when_they_are_cancelled) {
    lock writer = one.take("page", {.lease_time = 60s});
    const auto waiting = other.begin_acquire_shared("page");
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 1); }));
    waiting->cancel();
    ASSERT_TRUE(turned.until([&] { return waiting->done; }));
    EXPECT_EQ(waiting->error, asio::error::operation_aborted);
    ASSERT_TRUE(turned.until([&] { return nodes.in_line("page", 0); }));
    EXPECT_FALSE(one.release(writer));
    expect_nothing_left();
}

TEST_F(shared_locks, outlive_a_frozen_node) {
    one.rehearse();
    other.rehearse();
    nodes.freeze(2, 3);
    lock reader = one.take_shared("page");
    lock beside = other.take_shared("page");
    EXPECT_EQ(other.try_acquire("page")->error, errc::contended);
    EXPECT_FALSE(one.release(reader));
    EXPECT_FALSE(other.release(beside));
    nodes.thaw();
    ASSERT_TRUE(turned.until([&] { return nodes.having("page") == 0; }));
}

TEST_F(shared_locks, go_together_with_another_librarys_lock) {
    nodes.each([](redis_server& node) {
        node.command({"SET", "page", "theirs", "NX", "PX", "60000"});
    });
    EXPECT_EQ(one.try_acquire_shared("page")->error, errc::contended);
    nodes.each([](redis_server& node) { node.command({"DEL", "page"}); });
    lock reader = one.take_shared("page");
    ASSERT_TRUE(turned.until([&] { return nodes_with_readers() == 3; }));
    nodes.each([](redis_server& node) {
        EXPECT_EQ(node.command({"SET", "page", "theirs", "NX", "PX", "60000"}), "(nil)");
    });
    EXPECT_FALSE(one.release(reader));
}

TEST_F(shared_locks, cannot_be_mistaken_for_a_lock_whose_token_a_caller_chose) {
    for (const std::string value : {"redlock:shared", "redlock:shared 5 me", "redlock:shared "}) {
        EXPECT_EQ(one.acquire("page", {.identifier = value})->error, errc::invalid_argument);
        EXPECT_EQ(one.attach("page", lock_token{value})->error, errc::invalid_argument) << value;
    }
}

TEST_F(shared_locks, guard_a_coroutine) {
    turned.run([this]() -> asio::awaitable<void> {
        const int read = co_await with_shared_lock(*one.manager, "page",
                                                   [this](lock& held) -> asio::awaitable<int> {
                                                       EXPECT_TRUE(held.valid());
                                                       EXPECT_EQ(held.mode(), lock_mode::shared);
                                                       EXPECT_GE(nodes_with_readers(), 2U);
                                                       co_return 7;
                                                   });
        EXPECT_EQ(read, 7);
    });
    expect_nothing_left();
}

TEST_F(shared_locks, are_a_shared_mutex_to_threads) {
    mutex_context context{nodes.urls(), usual_options()};
    mutex_context elsewhere{nodes.urls(), usual_options()};
    shared_mutex page{context, "page"};
    shared_mutex same{elsewhere, "page"};
    {
        const std::shared_lock reader{page};
        const std::shared_lock beside{page};
        std::shared_lock remote{same, std::try_to_lock};
        EXPECT_TRUE(remote.owns_lock());
        EXPECT_TRUE(page.valid());
        EXPECT_FALSE(same.try_lock());
    }
    {
        std::scoped_lock writer{page};
        EXPECT_FALSE(same.try_lock_shared());
        EXPECT_FALSE(same.try_lock_shared_for(20ms));
    }
    EXPECT_TRUE(same.try_lock());
    same.unlock();
    EXPECT_FALSE(page.valid());
    expect_nothing_left();
}

}  // namespace
}  // namespace redlock::integration
