// One manager used from many threads, and the blocking facade with the standard's own lock types.
#ifndef __clang__
// g++ 12 with sanitizers loses track of its own locals in Asio's use_future.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "integration/harness.hpp"

namespace redlock::integration {
namespace {

/// An event loop run by several threads until it goes out of scope.
class crew {
  public:
    explicit crew(std::size_t threads) {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([this] { io.run(); });
        }
    }
    ~crew() {
        work_.reset();
        for (auto& each : threads_) {
            each.join();
        }
    }
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;

    asio::io_context io;

  private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
    std::vector<std::thread> threads_;
};

/// Something that only one may touch at a time, and that notices two.
class guarded_counter {
  public:
    void increment() {
        EXPECT_FALSE(inside_.exchange(true)) << "two in the critical section";
        const int seen = value_.load(std::memory_order_relaxed);
        std::this_thread::yield();
        value_.store(seen + 1, std::memory_order_relaxed);
        EXPECT_TRUE(inside_.exchange(false));
    }
    [[nodiscard]] int value() const { return value_.load(); }

  private:
    std::atomic<bool> inside_{false};
    std::atomic<int> value_{0};
};

void run_in(std::size_t threads, const std::function<void(std::size_t)>& work) {
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < threads; ++i) {
        all.emplace_back([&, i] { work(i); });
    }
    for (auto& each : all) {
        each.join();
    }
}

TEST(threads, hammer_one_manager_on_an_event_loop_of_four) {
    cluster nodes{3};
    guarded_counter counter;
    crew four{4};
    lock_manager locks{four.io.get_executor(), nodes.urls(), usual_options()};
    run_in(4, [&](std::size_t) {
        for (int turn = 0; turn < 15; ++turn) {
            lock held = locks.async_acquire("job", {}, asio::use_future).get();
            counter.increment();
            held.async_extend(std::nullopt, asio::use_future).get();
            EXPECT_TRUE(held.valid());
            static_cast<void>(locks.active_locks());
            held.async_release(asio::use_future).get();
        }
    });
    EXPECT_EQ(counter.value(), 60);
    locks.async_close(asio::use_future).get();
}

TEST(threads, use_one_lock_at_once) {
    cluster nodes{3};
    crew four{4};
    lock_manager locks{four.io.get_executor(), nodes.urls(), usual_options()};
    {
        lock held =
            locks
                .async_acquire("job", {.lease_time = 300ms, .renew = true, .stop_margin = 5ms},
                               asio::use_future)
                .get();
        run_in(4, [&](std::size_t) {
            for (int turn = 0; turn < 20; ++turn) {
                held.async_extend(5s, asio::use_future).get();
                static_cast<void>(held.valid());
                static_cast<void>(held.valid_until());
                static_cast<void>(held.last_error());
                static_cast<void>(held.fencing_token());
            }
        });
        EXPECT_TRUE(held.valid());
    }
    locks.async_close(asio::use_future).get();
    EXPECT_EQ(nodes.having("job"), 0U);
}

TEST(threads, destroy_locks_wherever_they_like) {
    cluster nodes{3};
    crew four{4};
    lock_manager locks{four.io.get_executor(), nodes.urls(), usual_options()};
    run_in(4, [&](std::size_t thread) {
        for (int turn = 0; turn < 20; ++turn) {
            const std::string name = "job:" + std::to_string(thread);
            const lock held = locks.async_acquire(name, {}, asio::use_future).get();
            EXPECT_TRUE(held.valid());
        }
    });
    locks.async_close(asio::use_future).get();
    nodes.each([](redis_server& node) { EXPECT_EQ(node.command({"DBSIZE"}), "5"); });
}

TEST(threads, close_while_others_acquire) {
    cluster nodes{3};
    crew four{4};
    lock_manager locks{four.io.get_executor(), nodes.urls(), usual_options()};
    std::atomic<int> had{0};
    std::thread closer{[&] {
        while (had.load() < 10) {
            std::this_thread::yield();
        }
        locks.async_close(asio::use_future).get();
    }};
    run_in(3, [&](std::size_t thread) {
        const std::string name = "job:" + std::to_string(thread);
        for (;;) {
            diagnostics why;
            std::promise<std::pair<error_code, lock>> outcome;
            locks.async_acquire(name, {.details = &why}, [&](error_code error, lock held) {
                outcome.set_value({error, std::move(held)});
            });
            if (auto [error, held] = outcome.get_future().get(); error) {
                EXPECT_EQ(error, errc::closed) << why.to_string();
                return;
            }
            ++had;
        }
    });
    closer.join();
    for (int thread = 0; thread < 3; ++thread) {
        EXPECT_EQ(nodes.having("job:" + std::to_string(thread)), 0U);
    }
}

TEST(threads, coroutines_of_two_managers_on_four_threads_exclude_each_other) {
    cluster nodes{3};
    guarded_counter counter;
    crew four{4};
    lock_manager first{four.io.get_executor(), nodes.urls(), usual_options()};
    lock_manager second{four.io.get_executor(), nodes.urls(), usual_options()};
    std::vector<std::future<void>> all;
    for (int i = 0; i < 8; ++i) {
        lock_manager& locks = i % 2 == 0 ? first : second;
        all.push_back(asio::co_spawn(
            four.io,
            [&locks, &counter]() -> asio::awaitable<void> {
                for (int turn = 0; turn < 5; ++turn) {
                    const auto body = [&](lock&) -> asio::awaitable<void> {
                        counter.increment();
                        co_return;
                    };
                    co_await with_lock(locks, "job", body);
                }
            },
            asio::use_future));
    }
    for (auto& each : all) {
        EXPECT_NO_THROW(each.get());
    }
    EXPECT_EQ(counter.value(), 40);
    first.async_close(asio::use_future).get();
    second.async_close(asio::use_future).get();
}

/// Locks, and in the completion, on a thread of the loop, waits for operations that others
/// complete.
void block_in_a_completion_of(lock_manager& locks) {
    std::promise<void> ended;
    locks.async_acquire("job", {.lease_time = 2s, .renew = true}, [&](error_code error, lock mine) {
        EXPECT_FALSE(error);
        auto other = locks.async_acquire("other", {}, asio::use_future);
        EXPECT_EQ(other.wait_for(hang), std::future_status::ready) << "nobody is free for it";
        auto extended = mine.async_extend(2s, asio::use_future);
        EXPECT_EQ(extended.wait_for(hang), std::future_status::ready);
        ended.set_value();
    });
    ended.get_future().get();
    locks.async_close(asio::use_future).get();
}

TEST(threads, may_block_in_a_completion_while_another_is_free) {
    cluster nodes{3};
    crew two{2};
    lock_manager locks{two.io.get_executor(), nodes.urls(), usual_options()};
    block_in_a_completion_of(locks);
}

TEST(threads, of_a_pool_may_block_in_a_completion_while_another_is_free) {
    cluster nodes{3};
    asio::thread_pool two{2};
    {
        lock_manager locks{two.get_executor(), nodes.urls(), usual_options()};
        block_in_a_completion_of(locks);
    }
    two.join();
}

// The strand is the program's own, and keeps apart what happens in the completions.
TEST(threads, of_a_strand_complete_one_at_a_time) {
    cluster nodes{3};
    crew four{4};
    const auto strand = asio::make_strand(four.io);
    int completed = 0;  // without a guard
    std::promise<void> all_done;
    lock_manager locks{strand, nodes.urls(), usual_options()};
    const auto note = [&](auto&&...) {
        EXPECT_TRUE(strand.running_in_this_thread());
        if (++completed == 4 * 25) {
            all_done.set_value();
        }
    };
    run_in(4, [&](std::size_t thread) {
        for (int turn = 0; turn < 25; ++turn) {
            // No two threads use the same names, or they would wait for each other.
            const std::string name = "job:" + std::to_string(thread) + ":" + std::to_string(turn);
            locks.async_acquire(name, {}, [note](error_code error, const lock&) {
                EXPECT_FALSE(error);
                note();
            });
        }
    });
    all_done.get_future().get();
    locks.async_close(asio::use_future).get();
}

TEST(threads, make_and_destroy_managers_wherever_they_like) {
    cluster nodes{3};
    crew four{4};
    run_in(4, [&](std::size_t thread) {
        const std::string name = "job:" + std::to_string(thread);
        for (int turn = 0; turn < 10; ++turn) {
            std::promise<void> ended;
            {
                lock_manager locks{four.io.get_executor(), nodes.urls(), usual_options()};
                if (turn % 2 == 0) {
                    lock held = locks.async_acquire(name, {}, asio::use_future).get();
                    held.async_release(asio::use_future).get();
                }
                // Ends with the manager, or is quicker.
                locks.async_acquire(name, {}, [&](error_code, const lock&) { ended.set_value(); });
            }
            ended.get_future().get();
        }
    });
}

/// An event loop of one thread's own, in which operations end, and are cancelled while they do.
class canceller {
  public:
    explicit canceller(lock_manager& locks) : locks_(locks) {}

    /// `begin(token)` begins an operation; cancelled when the loop was polled so often.
    template <class Begin>
    void run(int polls, Begin begin) {
        asio::cancellation_signal stop;
        bool done = false;
        begin(asio::bind_executor(
            own_, asio::bind_cancellation_slot(
                      stop.slot(), [&](const error_code&, auto&&...) { done = true; })));
        own_.restart();
        for (int i = 0; i < polls && !done; ++i) {
            own_.poll();
            std::this_thread::yield();
        }
        stop.emit(asio::cancellation_type::total);
        own_.run();
        EXPECT_TRUE(done);
    }

    void run_all(const std::string& name, int polls) {
        run(polls, [&](auto token) { locks_.async_acquire(name, {}, std::move(token)); });
        run(polls, [&](auto token) { locks_.async_status(name, std::move(token)); });
        run(polls, [&](auto token) { locks_.async_list({}, std::move(token)); });
        run(polls, [&](auto token) { locks_.async_examine({.samples = 1}, std::move(token)); });
        lock held = locks_.async_acquire(name, {}, asio::use_future).get();
        run(polls, [&](auto token) { held.async_extend(std::nullopt, std::move(token)); });
        run(polls, [&](auto token) { held.async_wait_lost(std::move(token)); });
        run(polls, [&](auto token) { held.async_release(std::move(token)); });
    }

  private:
    lock_manager& locks_;
    asio::io_context own_{1};
};

TEST(threads, cancel_while_others_complete) {
    cluster nodes{3};
    crew two{2};
    lock_manager locks{two.io.get_executor(), nodes.urls(), usual_options()};
    run_in(4, [&](std::size_t thread) {
        canceller own{locks};
        for (int turn = 0; turn < 12; ++turn) {
            own.run_all("job:" + std::to_string(thread), turn * 40);
        }
    });
    locks.async_close(asio::use_future).get();
    for (int thread = 0; thread < 4; ++thread) {
        EXPECT_EQ(nodes.having("job:" + std::to_string(thread)), 0U);
    }
}

struct facade : testing::Test {
    cluster nodes{3};
    mutex_context context{nodes.urls(), usual_options()};
    mutex door{context, "door"};
};

TEST_F(facade, is_lockable) {
    {
        const std::scoped_lock guard{door};
        EXPECT_TRUE(door.valid());
        EXPECT_GT(door.fencing_token().value(), 0U);
        EXPECT_GE(nodes.having("door"), 2U);
        mutex rival{context, "door"};
        EXPECT_FALSE(rival.try_lock());
    }
    EXPECT_FALSE(door.valid());
    EXPECT_EQ(door.fencing_token().value(), 0U);
    EXPECT_TRUE(door.try_lock());
    door.unlock();
}

TEST_F(facade, owns_what_its_options_refer_to) {
    std::string label(200, 'x');
    mutex labelled{context, "labelled", {.label = label}};
    label.assign(200, 'y');
    const std::scoped_lock guard{labelled};
    EXPECT_EQ(context.manager().async_status("labelled", asio::use_future).get().label,
              std::string(200, 'x'));
}

TEST_F(facade, is_timed_lockable) {
    mutex_context elsewhere{nodes.urls(), usual_options()};
    mutex rival{elsewhere, "door"};
    std::unique_lock mine{door};
    std::unique_lock theirs{rival, std::defer_lock};
    EXPECT_FALSE(theirs.try_lock());
    EXPECT_FALSE(theirs.try_lock_for(30ms));
    EXPECT_FALSE(theirs.try_lock_until(std::chrono::system_clock::now() + 30ms));
    EXPECT_FALSE(theirs.try_lock_until(std::chrono::steady_clock::now() - 1h));
    EXPECT_FALSE(theirs.try_lock_until(std::chrono::steady_clock::time_point::min()));
    mine.unlock();
    EXPECT_TRUE(theirs.try_lock_for(hang));
    EXPECT_TRUE(rival.valid());
}

TEST_F(facade, std_lock_takes_two_without_a_deadlock) {
    mutex window{context, "window"};
    guarded_counter counter;
    run_in(2, [&](std::size_t thread) {
        mutex_context own{nodes.urls(), usual_options()};
        mutex a{own, "door"};
        mutex b{own, "window"};
        for (int turn = 0; turn < 5; ++turn) {
            if (thread == 0) {
                const std::scoped_lock both{a, b};
                counter.increment();
            } else {
                const std::scoped_lock both{b, a};
                counter.increment();
            }
        }
    });
    EXPECT_EQ(counter.value(), 10);
}

TEST_F(facade, excludes_threads_that_share_it_and_contexts_that_do_not) {
    guarded_counter counter;
    mutex_context elsewhere{nodes.urls(), usual_options()};
    mutex rival{elsewhere, "door"};
    run_in(4, [&](std::size_t thread) {
        for (int turn = 0; turn < 10; ++turn) {
            const std::scoped_lock guard{thread % 2 == 0 ? door : rival};
            counter.increment();
        }
    });
    EXPECT_EQ(counter.value(), 40);
}

TEST_F(facade, throws_what_is_worse_than_contention) {
    mutex nameless{context, ""};
    try {
        nameless.lock();
        ADD_FAILURE() << "a lock without a name";
    } catch (const lock_error& failure) {
        EXPECT_EQ(failure.code(), errc::invalid_argument);
    }
    nodes[0].kill();
    nodes[1].kill();
    EXPECT_THROW(static_cast<void>(door.try_lock()), lock_error);
    EXPECT_THROW(mutex_context{node_list{}}, lock_error);
}

TEST_F(facade, is_released_with_its_context_even_while_locked) {
    auto brief = std::make_optional<mutex_context>(nodes.urls(), usual_options());
    auto gate = std::make_optional<mutex>(*brief, "gate");
    gate->lock();
    gate.reset();
    brief.reset();
    EXPECT_EQ(nodes.having("gate"), 0U);
}

}  // namespace
}  // namespace redlock::integration
