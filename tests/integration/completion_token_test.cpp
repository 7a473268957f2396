// The same operations through each kind of completion token, and where their completions run.
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>  // before spawn.hpp, which forgets it
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "integration/harness.hpp"

// g++ 12 inlines one half of a coroutine frame's allocation and takes the other for a mistake.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace redlock::integration {
namespace {

struct completion_tokens : testing::Test {
    cluster nodes{1};
    loop turned;
    client user{turned, nodes.urls()};
    lock_manager& locks = *user.manager;
};

TEST_F(completion_tokens, a_callback_is_never_called_from_inside_the_initiating_call) {
    bool inside = true;
    bool done = false;
    lock kept;
    locks.async_acquire("a", {}, [&](error_code error, lock held) {
        EXPECT_FALSE(inside);
        EXPECT_FALSE(error);
        kept = std::move(held);
        kept.async_extend(5s, [&](error_code failed) {
            EXPECT_FALSE(failed);
            kept.async_release([&](error_code also_failed) {
                EXPECT_FALSE(also_failed);
                done = true;
            });
        });
    });
    inside = false;
    EXPECT_TRUE(turned.until([&] { return done; }));
}

TEST_F(completion_tokens, an_error_that_needs_no_node_completes_later_too) {
    bool inside = true;
    bool done = false;
    locks.async_acquire("", {}, [&](error_code error, const lock&) {
        EXPECT_FALSE(inside);
        EXPECT_EQ(error, errc::invalid_argument);
        done = true;
    });
    inside = false;
    EXPECT_TRUE(turned.until([&] { return done; }));
}

TEST_F(completion_tokens, use_future) {
    auto work = asio::make_work_guard(turned.io);
    std::thread thread{[&] { turned.io.run(); }};
    {
        lock held = locks.async_acquire("a", {}, asio::use_future).get();
        EXPECT_TRUE(held.valid());
        EXPECT_NO_THROW(held.async_extend(5s, asio::use_future).get());
        EXPECT_TRUE(locks.async_is_locked("a", asio::use_future).get());
        EXPECT_EQ(locks.async_status("a", asio::use_future).get().holder, held.token());
        EXPECT_NO_THROW(held.async_release(asio::use_future).get());
    }
    work.reset();
    thread.join();
}

TEST_F(completion_tokens, use_awaitable) {
    turned.run([&]() -> asio::awaitable<void> {
        lock held = co_await locks.async_acquire("a", {.wait = 5s}, asio::use_awaitable);
        co_await held.async_extend(5s, asio::use_awaitable);
        EXPECT_EQ((co_await locks.async_list({}, asio::use_awaitable)).size(), 1U);
        co_await held.async_release(asio::use_awaitable);
        EXPECT_FALSE(co_await locks.async_is_locked("a", asio::use_awaitable));
        co_await locks.async_close(asio::use_awaitable);
    });
}

TEST_F(completion_tokens, deferred_is_the_default_and_starts_when_it_is_awaited) {
    turned.run([&]() -> asio::awaitable<void> {
        auto later = locks.async_try_acquire("a");
        EXPECT_FALSE(co_await locks.async_is_locked("a"));
        lock held = co_await std::move(later);
        EXPECT_TRUE(co_await locks.async_is_locked("a"));
        co_await held.async_extend();
        EXPECT_EQ((co_await locks.async_status("a")).verdict, lock_verdict::held);
        const lock_token token = held.detach();
        lock attached = co_await locks.async_attach("a", token);
        co_await attached.async_release();
        EXPECT_TRUE((co_await locks.async_list()).size() == 1);
        co_await locks.async_close();
    });
}

TEST_F(completion_tokens, a_thrown_error_carries_the_code) {
    turned.run([&]() -> asio::awaitable<void> {
        const lock held = co_await locks.async_acquire("a");
        try {
            co_await locks.async_try_acquire("a");
            ADD_FAILURE() << "had twice";
        } catch (const boost::system::system_error& failure) {
            EXPECT_EQ(failure.code(), errc::contended);
        }
    });
}

TEST_F(completion_tokens, as_tuple_and_redirect_error) {
    turned.run([&]() -> asio::awaitable<void> {
        auto [error, held] = co_await locks.async_acquire("a", {}, asio::as_tuple(asio::deferred));
        EXPECT_FALSE(error);
        const auto [again, nobody] =
            co_await locks.async_try_acquire("a", {}, asio::as_tuple(asio::use_awaitable));
        EXPECT_EQ(again, errc::contended);
        EXPECT_FALSE(nobody.valid());
        error_code released;
        co_await held.async_release(asio::redirect_error(asio::use_awaitable, released));
        EXPECT_FALSE(released);
    });
}

TEST_F(completion_tokens, yield_context) {
    bool done = false;
    asio::spawn(
        turned.io,
        [&](asio::yield_context yield) {
            lock held = locks.async_acquire("a", {.lease_time = 5s}, yield);
            EXPECT_TRUE(held.valid());
            held.async_extend(8s, yield);
            error_code error;
            locks.async_try_acquire("a", {}, yield[error]);
            EXPECT_EQ(error, errc::contended);
            held.async_release(yield);
            EXPECT_FALSE(locks.async_is_locked("a", yield));
            locks.async_close(yield);
            done = true;
        },
        [](const std::exception_ptr& failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
    EXPECT_TRUE(turned.until([&] { return done; }));
}

TEST_F(completion_tokens, a_completion_runs_on_the_executor_that_its_handler_names) {
    asio::thread_pool pool{1};
    std::promise<std::thread::id> pool_thread;
    asio::post(pool, [&] { pool_thread.set_value(std::this_thread::get_id()); });
    const auto expected = pool_thread.get_future().get();
    std::promise<std::thread::id> completed_on;
    auto told = completed_on.get_future();
    locks.async_acquire("a", {}, asio::bind_executor(pool, [&](error_code error, const lock& held) {
                            EXPECT_FALSE(error);
                            EXPECT_TRUE(held.valid());
                            completed_on.set_value(std::this_thread::get_id());
                        }));
    EXPECT_TRUE(turned.until(
        [&] { return told.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }));
    EXPECT_EQ(told.get(), expected);
    pool.join();
}

TEST_F(completion_tokens, a_handler_may_be_move_only) {
    bool done = false;
    locks.async_acquire("a", {}, [&done, only = std::make_unique<int>(1)](error_code, const lock&) {
        done = *only == 1;
    });
    EXPECT_TRUE(turned.until([&] { return done; }));
}

TEST_F(completion_tokens, an_idle_manager_lets_the_event_loop_end) {
    lock held = user.take("a");
    EXPECT_FALSE(user.release(held));
    // Nothing is held or under way: the connections alone are no work.
    turned.io.restart();
    const auto before = std::chrono::steady_clock::now();
    turned.io.run_for(hang);
    EXPECT_TRUE(turned.io.stopped());
    EXPECT_LT(std::chrono::steady_clock::now() - before, hang);
    EXPECT_FALSE(user.acquire("a")->error) << "it goes on afterwards";
}

}  // namespace
}  // namespace redlock::integration
