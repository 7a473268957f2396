// with_lock on every way out: the body's result, its exception, a cancellation from outside, a
// loss. Each time the lock must be released, and the loss must reach the body while the lock is
// valid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <stdexcept>
#include <string>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

asio::awaitable<void> forever() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(std::chrono::hours{1});
    co_await timer.async_wait(asio::use_awaitable);
}

struct with_lock_runs : testing::Test {
    [[nodiscard]] bool released() {
        return turned.until([&] { return nodes.having("job") == 0; });
    }
    /// The code of the lock_error that `body` ends with.
    error_code failure_of(const std::function<asio::awaitable<void>()>& body) {
        try {
            turned.run(body);
        } catch (const lock_error& failure) {
            EXPECT_FALSE(failure.details().message.empty());
            return failure.code();
        }
        return {};
    }

    cluster nodes{3};
    loop turned;
    client user{turned, nodes.urls()};
    lock_manager& locks = *user.manager;
};

TEST_F(with_lock_runs, the_body_while_the_lock_is_held_and_gives_back_its_result) {
    int result = 0;
    turned.run([&]() -> asio::awaitable<void> {
        const auto body = [&](lock& held) -> asio::awaitable<int> {
            EXPECT_TRUE(held.valid());
            EXPECT_TRUE(co_await locks.async_is_locked("job", asio::use_awaitable));
            co_return 42;
        };
        result = co_await with_lock(locks, "job", body);
    });
    EXPECT_EQ(result, 42);
    EXPECT_TRUE(released());
}

TEST_F(with_lock_runs, a_body_without_a_result) {
    bool ran = false;
    turned.run([&]() -> asio::awaitable<void> {
        const auto body = [&](lock& held) -> asio::awaitable<void> {
            ran = held.fencing_token().value() > 0;
            co_return;
        };
        co_await with_lock(locks, "job", body, {.wait = 5s});
    });
    EXPECT_TRUE(ran);
    EXPECT_TRUE(released());
}

TEST_F(with_lock_runs, a_result_that_cannot_be_made_from_nothing_and_only_moved) {
    struct parcel {
        explicit parcel(int w) : weight(std::make_unique<int>(w)) {}
        std::unique_ptr<int> weight;
    };
    turned.run([&]() -> asio::awaitable<void> {
        const auto body = [](lock&) -> asio::awaitable<parcel> { co_return parcel{7}; };
        const parcel got = co_await with_lock(locks, "job", body);
        EXPECT_EQ(*got.weight, 7);
    });
}

TEST_F(with_lock_runs, an_exception_of_the_body_comes_out_and_the_lock_is_released) {
    EXPECT_THROW(turned.run([&]() -> asio::awaitable<void> {
        const auto body = [](lock&) -> asio::awaitable<void> {
            throw std::out_of_range{"shelf"};
            co_return;
        };
        co_await with_lock(locks, "job", body);
    }),
                 std::out_of_range);
    EXPECT_TRUE(released());
}

TEST_F(with_lock_runs, the_body_is_not_run_without_the_lock) {
    const lock held = user.take("job");
    bool ran = false;
    EXPECT_EQ(failure_of([&]() -> asio::awaitable<void> {
                  const auto body = [&](lock&) -> asio::awaitable<void> {
                      ran = true;
                      co_return;
                  };
                  co_await with_lock(locks, "job", body, {.wait = wait_policy::none()});
              }),
              errc::contended);
    EXPECT_FALSE(ran);
    EXPECT_TRUE(held.valid());
}

TEST_F(with_lock_runs, a_cancellation_from_outside_cancels_the_body_and_the_lock_is_released) {
    asio::cancellation_signal stop;
    bool running = false;
    bool body_cancelled = false;
    std::exception_ptr failure;
    bool done = false;
    const auto job = [&]() -> asio::awaitable<void> {
        const auto body = [&](lock&) -> asio::awaitable<void> {
            running = true;
            try {
                co_await forever();
            } catch (const boost::system::system_error& end) {
                body_cancelled = end.code() == asio::error::operation_aborted;
                throw;
            }
        };
        co_await with_lock(locks, "job", body);
    };
    asio::co_spawn(turned.io, job(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown) {
                       failure = thrown;
                       done = true;
                   }));
    ASSERT_TRUE(turned.until([&] { return running; }));
    stop.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(turned.until([&] { return done; }));
    EXPECT_TRUE(body_cancelled);
    EXPECT_NE(failure, nullptr);
    EXPECT_TRUE(released());
}

/// Runs `job`, and cancels it once `ready`; the code of what it ends with.
error_code cancelled_run(loop& turned, const std::function<asio::awaitable<void>()>& job,
                         const bool& ready) {
    asio::cancellation_signal stop;
    error_code thrown;
    bool done = false;
    asio::co_spawn(turned.io, job(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr failure) {
                       done = true;
                       try {
                           if (failure) {
                               std::rethrow_exception(failure);
                           }
                       } catch (const boost::system::system_error& end) {
                           thrown = end.code();
                       }
                   }));
    EXPECT_TRUE(turned.until([&] { return ready; }));
    stop.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(turned.until([&] { return done; }));
    return thrown;
}

TEST_F(with_lock_runs, leaves_its_caller_as_cancellable_as_before) {
    bool waiting = false;
    EXPECT_EQ(cancelled_run(
                  turned,
                  [&]() -> asio::awaitable<void> {
                      const auto body = [](lock&) -> asio::awaitable<void> { co_return; };
                      co_await with_lock(locks, "job", body);
                      waiting = true;
                      co_await forever();
                  },
                  waiting),
              asio::error::operation_aborted);
}

TEST_F(with_lock_runs, a_cancellation_that_the_body_swallows_meets_the_caller_after_the_release) {
    bool running = false;
    bool released_before = false;
    bool went_on = false;
    EXPECT_EQ(cancelled_run(
                  turned,
                  [&]() -> asio::awaitable<void> {
                      const auto body = [&](lock&) -> asio::awaitable<void> {
                          running = true;
                          try {
                              co_await forever();
                          } catch (const boost::system::system_error&) {
                              co_return;
                          }
                      };
                      co_await with_lock(locks, "job", body);
                      released_before = nodes.having("job") < 2;
                      co_await forever();
                      went_on = true;
                  },
                  running),
              asio::error::operation_aborted);
    EXPECT_TRUE(released_before);
    EXPECT_FALSE(went_on);
}

TEST_F(with_lock_runs, a_cancellation_while_it_waits_ends_the_wait) {
    lock held = user.take("job");
    asio::cancellation_signal stop;
    bool ran = false;
    bool done = false;
    const auto job = [&]() -> asio::awaitable<void> {
        const auto body = [&](lock&) -> asio::awaitable<void> {
            ran = true;
            co_return;
        };
        co_await with_lock(locks, "job", body);
    };
    asio::co_spawn(turned.io, job(),
                   asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& thrown) {
                       EXPECT_NE(thrown, nullptr);
                       done = true;
                   }));
    // It stands in line by now, and no more than that: the holder is of the same manager.
    user.warm_up();
    stop.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(turned.until([&] { return done; }));
    EXPECT_FALSE(user.release(held));
    EXPECT_TRUE(released());
    EXPECT_FALSE(ran);
}

TEST_F(with_lock_runs, a_loss_cancels_the_body_while_the_lock_is_still_valid) {
    bool cancelled_in_time = false;
    EXPECT_EQ(failure_of([&]() -> asio::awaitable<void> {
                  const auto body = [&](lock& held) -> asio::awaitable<void> {
                      nodes.freeze(0, 3);
                      try {
                          co_await forever();
                      } catch (const boost::system::system_error&) {
                          cancelled_in_time = boot_clock::now() <= held.valid_until();
                          throw;
                      }
                  };
                  co_await with_lock(locks, "job", body, {.lease_time = 1s, .stop_margin = 500ms});
              }),
              errc::lost);
    EXPECT_TRUE(cancelled_in_time);
    nodes.thaw();
}

TEST_F(with_lock_runs, a_lock_that_was_gone_at_release_is_a_loss_even_if_the_body_did_not_notice) {
    bool finished = false;
    EXPECT_EQ(failure_of([&]() -> asio::awaitable<void> {
                  const auto body = [&](lock&) -> asio::awaitable<void> {
                      nodes.each([](redis_server& node) { node.command({"DEL", "job"}); });
                      finished = true;
                      co_return;
                  };
                  co_await with_lock(locks, "job", body);
              }),
              errc::lost);
    EXPECT_TRUE(finished);
}

TEST_F(with_lock_runs, the_lease_is_renewed_for_as_long_as_the_body_runs) {
    turned.run([&]() -> asio::awaitable<void> {
        const auto body = [&](lock& held) -> asio::awaitable<void> {
            asio::steady_timer timer{co_await asio::this_coro::executor};
            while (user.events().count(event_kind::extended) < 6) {
                timer.expires_after(5ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
            EXPECT_TRUE(held.valid());
        };
        co_await with_lock(locks, "job", body, {.lease_time = 600ms});
    });
    EXPECT_TRUE(released());
}

TEST_F(with_lock_runs, several_coroutines_one_at_a_time) {
    int inside = 0;
    int done = 0;
    for (int i = 0; i < 8; ++i) {
        const auto job = [&]() -> asio::awaitable<void> {
            const auto body = [&](lock&) -> asio::awaitable<void> {
                EXPECT_EQ(++inside, 1);
                asio::steady_timer timer{co_await asio::this_coro::executor};
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
                --inside;
            };
            co_await with_lock(locks, "job", body);
            ++done;
        };
        asio::co_spawn(turned.io, job, [](const std::exception_ptr& failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
    }
    EXPECT_TRUE(turned.until([&] { return done == 8; }));
}

}  // namespace
}  // namespace redlock::integration
