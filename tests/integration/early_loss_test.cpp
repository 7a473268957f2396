// A lock whose keys are deleted is known to be lost long before the next renewal or the end of the
// lease: the nodes tell. Every lease here lasts a minute and is not renewed, so that nothing but
// what the nodes tell can end anything soon. One thread.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

struct early_loss : testing::Test {
    void remove_on(std::size_t first, std::size_t end) {
        for (std::size_t node = first; node < end; ++node) {
            nodes[node].command({"DEL", "job"});
        }
    }
    /// Until the nodes have been looked at once, and asked to tell.
    [[nodiscard]] bool looked_at(std::size_t commands_before) {
        return turned.until([&] { return nodes.commands() >= commands_before + nodes.size(); });
    }
    /// Held by a quorum at least, on every node.
    lock taken() {
        lock held = user.take("job", {.lease_time = 60s});
        EXPECT_TRUE(user.await([&] { return nodes.having("job", held.token().str()) == 3; }));
        user.warm_up();
        return held;
    }
    void remove_rest() {
        nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
};

TEST_F(early_loss, on_a_majority_is_told_to_who_waits_for_it) {
    for (int times = 0; times < 20; ++times) {
        lock held = taken();
        const auto before = nodes.commands();
        const auto watching = user.begin_wait_lost(held);
        // Every other time only after it was seen to be held.
        if (times % 2 == 1) {
            ASSERT_TRUE(looked_at(before));
            user.warm_up();
        }
        const auto first = static_cast<std::size_t>(times / 2 % 2);
        remove_on(first, first + 2);
        ASSERT_TRUE(turned.until([&] { return watching->done; }, soon)) << "time " << times;
        EXPECT_EQ(watching->error, errc::lost);
        EXPECT_FALSE(held.valid());
        EXPECT_LT(boot_clock::now(), held.valid_until()) << "not by time";
        remove_rest();
    }
    EXPECT_EQ(user.events().count(event_kind::lost), 20U);
}

TEST_F(early_loss, right_after_the_acquisition_is_told_too) {
    for (int times = 0; times < 20; ++times) {
        lock held = user.take("job", {.lease_time = 60s});
        remove_on(0, 3);  // the third may not have granted yet
        const auto watching = user.begin_wait_lost(held);
        ASSERT_TRUE(turned.until([&] { return watching->done; }, soon)) << "time " << times;
        EXPECT_EQ(watching->error, errc::lost);
        held = lock{};
        remove_rest();
    }
}

TEST_F(early_loss, of_a_key_that_somebody_else_took_is_told) {
    lock held = taken();
    const auto before = nodes.commands();
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(looked_at(before));
    for (const std::size_t node : {1U, 2U}) {
        nodes[node].command({"SET", "job", "theirs", "PX", "60000"});
    }
    ASSERT_TRUE(turned.until([&] { return watching->done; }, soon));
    EXPECT_EQ(watching->error, errc::lost);
    EXPECT_EQ(nodes.having("job", "theirs"), 2U);
}

TEST_F(early_loss, on_one_node_is_no_loss) {
    for (int times = 0; times < 20; ++times) {
        lock held = taken();
        const auto start = nodes.commands();
        const auto watching = user.begin_wait_lost(held);
        if (times % 2 == 1) {
            ASSERT_TRUE(looked_at(start));
            user.warm_up();
        }
        const auto before = nodes.commands();
        remove_on(static_cast<std::size_t>(times % 3), static_cast<std::size_t>(times % 3) + 1);
        // The deletion and the look that follows it.
        ASSERT_TRUE(turned.until([&] { return nodes.commands() >= before + 2; }));
        user.warm_up();
        EXPECT_FALSE(watching->done);
        EXPECT_TRUE(held.valid());
        ASSERT_FALSE(user.release(held));
        ASSERT_TRUE(user.await([&] { return watching->done && nodes.having("job") == 0; }));
        EXPECT_FALSE(watching->error);
    }
    EXPECT_EQ(user.events().count(event_kind::lost), 0U);
}

TEST_F(early_loss, on_one_node_after_the_other_is_none_if_the_first_was_healed_in_between) {
    user.vouch();
    lock held = user.take("job", {.lease_time = 3s, .renew = true});
    ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
    const auto watching = user.begin_wait_lost(held);
    for (const std::size_t node : {0U, 2U, 1U}) {
        user.warm_up();
        remove_on(node, node + 1);
        ASSERT_TRUE(turned.until([&] { return watching->done || nodes.having("job") == 3; }));
        ASSERT_FALSE(watching->done) << "after node " << node;
    }
    EXPECT_TRUE(held.valid());
    EXPECT_EQ(user.events().count(event_kind::lost), 0U);
}

TEST_F(early_loss, on_one_node_after_the_other_is_a_loss_with_the_second) {
    lock held = taken();
    const auto start = nodes.commands();
    const auto watching = user.begin_wait_lost(held);
    ASSERT_TRUE(looked_at(start));
    user.warm_up();
    const auto before = nodes.commands();
    remove_on(0, 1);
    ASSERT_TRUE(turned.until([&] { return nodes.commands() >= before + 2; }));
    user.warm_up();
    EXPECT_FALSE(watching->done);
    remove_on(2, 3);
    ASSERT_TRUE(turned.until([&] { return watching->done; }, soon));
    EXPECT_EQ(watching->error, errc::lost);
}

struct early_loss_of_a_body : early_loss, testing::WithParamInterface<bool> {};

/// From the deletion to the cancellation of the body.
TEST_P(early_loss_of_a_body, cancels_it) {
    for (int times = 0; times < 20; ++times) {
        bool running = false;
        bool cancelled = false;
        bool done = false;
        bool valid_by_time = false;
        error_code outcome;
        user.warm_up();
        const auto looks = nodes.commands("get");
        const auto body = [&](lock& held) -> asio::awaitable<void> {
            asio::steady_timer timer{co_await asio::this_coro::executor};
            timer.expires_after(std::chrono::hours{1});
            running = true;
            try {
                co_await timer.async_wait(asio::use_awaitable);
            } catch (const boost::system::system_error&) {
                cancelled = true;
                valid_by_time = boot_clock::now() < held.valid_until();
                throw;
            }
        };
        const auto job = [&]() -> asio::awaitable<void> {
            co_await with_lock(*user.manager, "job", body, {.lease_time = 60s});
        };
        asio::co_spawn(turned.io, job, [&](const std::exception_ptr& thrown) {
            try {
                if (thrown) {
                    std::rethrow_exception(thrown);
                }
            } catch (const lock_error& failure) {
                outcome = failure.code();
            }
            done = true;
        });
        ASSERT_TRUE(turned.until([&] { return running; }));
        if (GetParam()) {
            ASSERT_TRUE(turned.until([&] { return nodes.commands("get") >= looks + 3; }));
            user.warm_up();
        }
        ASSERT_TRUE(user.await([&] { return nodes.having("job") == 3; }));
        remove_on(0, 2);
        ASSERT_TRUE(turned.until([&] { return cancelled; }, soon)) << "time " << times;
        ASSERT_TRUE(turned.until([&] { return done; }));
        EXPECT_EQ(outcome, errc::lost);
        EXPECT_TRUE(valid_by_time);
        remove_rest();
    }
}

INSTANTIATE_TEST_SUITE_P(at_once_and_later, early_loss_of_a_body, testing::Bool());

}  // namespace
}  // namespace redlock::integration
