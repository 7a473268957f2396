// The world that users test in, through its public interface alone: what it is made of, how its
// time runs, and that a seed tells one story.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "testing/world_support.hpp"

namespace redlock::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto end_of_time = std::chrono::nanoseconds::max();

error_code refusal(const world_options& options) {
    try {
        const world it{options};
        return {};
    } catch (const lock_error& problem) {
        return problem.code();
    }
}

TEST(world, refuses_options_that_make_no_sense) {
    EXPECT_EQ(refusal({.nodes = 0}), errc::invalid_argument);
    EXPECT_EQ(refusal({.nodes = 64}), errc::invalid_argument);
    EXPECT_EQ(refusal({.fastest_message = -1ns}), errc::invalid_argument);
    EXPECT_EQ(refusal({.fastest_message = 2ms, .slowest_message = 1ms}), errc::invalid_argument);
    EXPECT_EQ(refusal({.slowest_message = end_of_time}), errc::invalid_argument);
    EXPECT_EQ(refusal({.nodes = 1, .fastest_message = 0ns, .slowest_message = 0ns}), error_code{});
}

TEST(world, has_no_more_nodes_than_a_manager_takes) {
    world it{{.nodes = 63}};
    EXPECT_EQ(it.nodes().endpoints().size(), 63U);
    const lock_manager locks{it.get_executor(), it.nodes()};
}

TEST(world, gives_a_lock_to_one_and_then_to_the_other) {
    world it;
    lock_manager first{it.get_executor(), it.nodes()};
    const process another = it.add_process();
    lock_manager second{another.get_executor(), it.nodes()};
    std::optional<lock> won;
    first.async_acquire("job", {}, [&](error_code failure, lock got) {
        ASSERT_FALSE(failure);
        won = std::move(got);
    });
    ASSERT_TRUE(it.run_until([&] { return won.has_value(); }, 1s));
    it.run_for(1ms);  // a late vote
    EXPECT_EQ(it.holder("job"), won->token());
    bool has = false;
    second.async_acquire("job", {}, [&](error_code failure, const lock& got) {
        ASSERT_FALSE(failure);
        EXPECT_GT(got.fencing_token(), won->fencing_token());
        has = true;
    });
    it.run_for(1min);
    EXPECT_FALSE(has);
    EXPECT_TRUE(won->valid());
    won->async_release([](error_code failure) { EXPECT_FALSE(failure); });
    EXPECT_TRUE(it.run_until([&] { return has; }, 1s));
}

TEST(world, has_executors_and_contexts_of_its_processes) {
    world it;
    const process another = it.add_process();
    EXPECT_EQ(it.get_executor(), it.first_process().get_executor());
    EXPECT_NE(it.get_executor(), another.get_executor());
    EXPECT_EQ(&another.get_executor().context(), &another.context());
}

// ---- time ----

TEST(world, lets_time_pass_at_once) {
    world it;
    const auto before = it.now();
    const auto really = std::chrono::steady_clock::now();
    it.run_for(24h);
    EXPECT_EQ(it.now() - before, 24h);
    EXPECT_EQ(it.first_process().now(), it.now());
    EXPECT_LT(std::chrono::steady_clock::now() - really, 10s);
}

TEST(world, runs_what_was_posted_though_no_time_passes) {
    world it;
    bool ran = false;
    asio::post(it.get_executor(), [&] { ran = true; });
    EXPECT_FALSE(ran);
    it.run_for(0s);
    EXPECT_TRUE(ran);
}

TEST(world, stops_when_it_is_done) {
    world it;
    const auto before = it.now();
    bool come = false;
    it.after(3s, [&] { come = true; });
    EXPECT_TRUE(it.run_until([&] { return come; }));
    EXPECT_EQ(it.now() - before, 3s);
    EXPECT_TRUE(it.run_until([] { return true; })) << "nothing has to happen";
    EXPECT_EQ(it.now() - before, 3s);
}

TEST(world, gives_up_when_the_time_is_over) {
    world it;
    const auto before = it.now();
    bool come = false;
    it.after(3s, [&] { come = true; });
    EXPECT_FALSE(it.run_until([&] { return come; }, 2s));
    EXPECT_EQ(it.now() - before, 2s) << "it was waited for";
    EXPECT_TRUE(it.run_until([&] { return come; }, 1s)) << "the last instant counts";
}

TEST(world, gives_up_when_nothing_is_left_that_could_happen) {
    world it;
    const auto before = it.now();
    EXPECT_FALSE(it.run_until([] { return false; }));
    EXPECT_EQ(it.now(), before);
    EXPECT_FALSE(it.run_until([] { return false; }, end_of_time));
}

TEST(world, does_not_wait_for_what_was_called_off) {
    world it;
    const process another = it.add_process();
    const auto before = it.now();
    asio::cancellation_signal stop;
    it.async_sleep(24h)(asio::bind_cancellation_slot(stop.slot(), [](error_code) {}));
    it.run_for(0s);
    stop.emit(asio::cancellation_type::terminal);
    another.pause(24h);
    another.kill();
    EXPECT_FALSE(it.run_until([] { return false; }));
    EXPECT_EQ(it.now(), before);
}

TEST(world, does_not_wait_for_alarms_that_were_cancelled) {
    world it;
    lock_manager locks{it.get_executor(), it.nodes()};
    const auto before = it.now();
    outcome held = acquire(it, locks, {.lease_time = 10s, .wait = 30min, .renew = false});
    release(it, held.got);
    EXPECT_FALSE(it.run_until([] { return false; })) << "fences and what is kept alive end";
    EXPECT_LT(it.now() - before, 10min);
}

TEST(world, notices_what_comes_true_by_time_alone) {
    world it;
    const auto end = it.now() + 90s;
    it.after(1h, [] {});
    EXPECT_TRUE(it.run_until([&] { return it.now() >= end; }, 2min));
}

TEST(world, calls_in_the_order_of_time) {
    world it;
    std::vector<int> order;
    it.after(2s, [&] { order.push_back(2); });
    it.after(1s, [&] {
        order.push_back(1);
        it.after(3s, [&] { order.push_back(4); });
    });
    it.after(2s, [&] { order.push_back(3); });
    it.after(-1s, [&] { order.push_back(0); });
    it.run_for(3s);
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
    it.run_for(1s);
    EXPECT_EQ(order.back(), 4);
}

TEST(world, takes_a_time_without_end) {
    world it;
    bool come = false;
    bool never = false;
    it.run_for(1s);
    it.after(end_of_time, [&] { never = true; });
    it.first_process().pause(end_of_time);
    asio::post(it.get_executor(), [&] { never = true; });
    it.after(1s, [&] { come = true; });
    EXPECT_TRUE(it.run_until([&] { return come; }, end_of_time));
    it.run_for(24h);
    EXPECT_FALSE(never);
}

TEST(world, lasts_for_60_years) {
    world it;
    const auto before = it.now();
    it.run_for(end_of_time);
    EXPECT_EQ(it.now() - before, 60 * 365 * 24h);
    bool come = false;
    it.after(end_of_time, [&] { come = true; });
    it.run_for(0s);
    EXPECT_TRUE(come) << "the end is now";
}

asio::awaitable<void> sleep_twice(world& in, int& woken) {
    co_await in.async_sleep(1min);
    ++woken;
    co_await in.async_sleep(1min, asio::use_awaitable);
    ++woken;
}

TEST(world, lets_coroutines_sleep) {
    world it;
    int woken = 0;
    asio::co_spawn(it.get_executor(), sleep_twice(it, woken), asio::detached);
    it.run_for(1min - 1ns);
    EXPECT_EQ(woken, 0);
    it.run_for(1ns);
    EXPECT_EQ(woken, 1);
    it.run_for(1min);
    EXPECT_EQ(woken, 2);
}

TEST(world, calls_back_after_a_sleep_where_the_handler_lives) {
    world it;
    const process another = it.add_process();
    bool in_first = false;
    bool in_other = false;
    it.async_sleep(1s, [&](error_code) {
        in_first = it.first_process().context().get_executor().running_in_this_thread();
    });
    it.async_sleep(1s, asio::bind_executor(another.get_executor(), [&](error_code) {
                       in_other = another.context().get_executor().running_in_this_thread();
                   }));
    it.run_for(1s);
    EXPECT_TRUE(in_first);
    EXPECT_TRUE(in_other);
}

TEST(world, ends_a_sleep_that_is_cancelled) {
    world it;
    asio::cancellation_signal wake;
    std::optional<error_code> came;
    const auto begun = it.now();
    it.async_sleep(
        1h, asio::bind_cancellation_slot(wake.slot(), [&](error_code failure) { came = failure; }));
    it.after(1s, [&] { wake.emit(asio::cancellation_type::terminal); });
    EXPECT_TRUE(it.run_until([&] { return came.has_value(); }));
    EXPECT_EQ(came, asio::error::operation_aborted);
    EXPECT_EQ(it.now() - begun, 1s);
    it.run_for(2h);
}

TEST(world, ends_the_sleep_of_a_body_that_has_lost_its_lock) {
    world it;
    lock_manager locks{it.get_executor(), it.nodes()};
    error_code outcome;
    const auto body = [&it](lock&) -> asio::awaitable<void> { co_await it.async_sleep(1h); };
    asio::co_spawn(it.get_executor(), with_lock(locks, "job", body),
                   [&](std::exception_ptr failure) {
                       try {
                           std::rethrow_exception(std::move(failure));
                       } catch (const lock_error& problem) {
                           outcome = problem.code();
                       }
                   });
    it.after(1min, [&] { it.lose("job"); });
    EXPECT_TRUE(it.run_until([&] { return bool{outcome}; }, 70s));
    EXPECT_EQ(outcome, errc::lost);
}

TEST(world, passes_on_what_is_thrown_and_goes_on) {
    world it;
    int later = 0;
    asio::post(it.get_executor(), [] { throw std::runtime_error{"handler"}; });
    asio::post(it.get_executor(), [&] { ++later; });
    it.after(1s, [] { throw std::runtime_error{"after"}; });
    it.after(2s, [&] { ++later; });
    EXPECT_THROW(it.run_for(3s), std::runtime_error);
    EXPECT_EQ(later, 0);
    EXPECT_THROW(it.run_for(3s), std::runtime_error);
    EXPECT_EQ(later, 1);
    it.run_for(1s);
    EXPECT_EQ(later, 2);
}

TEST(world, hears_at_once_what_one_process_posts_to_another) {
    world it;
    const process another = it.add_process();
    bool heard = false;
    // To the first from the second, whose turn comes later.
    const auto tell = [&](error_code = {}) {
        asio::post(it.get_executor(), [&] { heard = true; });
    };
    it.async_sleep(1s, asio::bind_executor(another.get_executor(), tell));
    it.run_for(1s);
    EXPECT_TRUE(heard);
    heard = false;
    asio::post(another.get_executor(), tell);
    EXPECT_TRUE(it.run_until([&] { return heard; }, 1s));
}

TEST(world, ends_with_all_that_waits_in_it) {
    const auto alive = std::make_shared<int>(0);
    {
        world it;
        lock_manager locks{it.get_executor(), it.nodes()};
        it.after(1h, [alive] {});
        it.async_sleep(1h, [alive](error_code) {});
        asio::post(it.get_executor(), [alive] {});
        locks.async_acquire("job", {}, [alive, kept = lock{}](error_code, lock got) mutable {
            kept = std::move(got);
        });
        it.run_for(500us);
    }
    EXPECT_EQ(alive.use_count(), 1);
}

// ---- chance ----

std::string story(std::uint64_t seed) {
    world it{{.nodes = 5, .seed = seed}};
    lock_manager locks{it.get_executor(), it.nodes()};
    std::string told;
    const auto begun = it.now();
    for (int turn = 0; turn < 3; ++turn) {
        it.freeze(it.random(5), 1s);
        bool done = false;
        locks.async_acquire("job", {}, [&](error_code failure, lock got) {
            told += failure.message() + " " + got.token().str() + " " +
                    std::to_string(got.fencing_token().value()) + "\n";
            got.async_release([&](error_code) { done = true; });
        });
        EXPECT_TRUE(it.run_until([&] { return done; }, 10s));
        told += std::to_string((it.now() - begun).count()) + "\n";
    }
    return told;
}

TEST(world, tells_the_same_story_for_the_same_seed) {
    EXPECT_EQ(story(1), story(1));
    EXPECT_NE(story(1), story(2));
}

TEST(world, leaves_to_the_seed_what_the_library_draws) {
    const auto token = [](std::uint64_t seed) {
        world it{{.seed = seed}};
        lock_manager locks{it.get_executor(), it.nodes()};
        std::string drawn;
        locks.async_acquire("job", {},
                            [&](error_code, const lock& got) { drawn = got.token().str(); });
        it.run_for(1s);
        return drawn;
    };
    EXPECT_FALSE(token(1).empty());
    EXPECT_EQ(token(1), token(1));
    EXPECT_NE(token(1), token(2));
}

TEST(world, draws_numbers_below_a_bound) {
    world it;
    std::vector<int> seen(7);
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t drawn = it.random(7);
        ASSERT_LT(drawn, 7U);
        ++seen[drawn];
    }
    for (const int times : seen) {
        EXPECT_GT(times, 50);
    }
}

TEST(world, draws_large_numbers_too) {
    world it;
    constexpr std::uint64_t bound = 10'000'000'000;  // ten seconds in nanoseconds
    std::uint64_t largest = 0;
    for (int i = 0; i < 100; ++i) {
        largest = std::max(largest, it.random(bound));
    }
    EXPECT_LT(largest, bound);
    EXPECT_GT(largest, bound / 10 * 9);
}

TEST(world, has_messages_that_take_the_time_asked_for) {
    world it{{.nodes = 1, .fastest_message = 10ms, .slowest_message = 10ms}};
    lock_manager locks{it.get_executor(), it.nodes()};
    const auto before = it.now();
    bool done = false;
    locks.async_acquire("job", {}, [&](error_code, const lock&) { done = true; });
    ASSERT_TRUE(it.run_until([&] { return done; }, 1s));
    EXPECT_EQ((it.now() - before) % 20ms, 0ns) << "there and back, a few times";
    EXPECT_GE(it.now() - before, 40ms);
}

}  // namespace
}  // namespace redlock::testing
