// The pieces of code in docs/testing-your-code.md. Unlike the other snippets these are run: they
// are tests, and part of the tests in tests/testing.

// snippet: importer
#include <boost/asio.hpp>
#include <functional>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

using sleep_function = std::function<asio::awaitable<void>(std::chrono::nanoseconds)>;

// Imports one batch a minute for as long as it holds the lock.
asio::awaitable<void> import_batches(redlock::lock_manager& locks, sleep_function sleep,
                                     int& batches) {
    co_await redlock::with_lock(locks, "import", [&](redlock::lock&) -> asio::awaitable<void> {
        for (;;) {
            co_await sleep(1min);
            ++batches;
        }
    });
}
// end of snippet

// snippet: real_sleep
asio::awaitable<void> sleep_for_real(std::chrono::nanoseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}
// end of snippet

// snippet: first_test
#include <gtest/gtest.h>

#include <redlock/testing.hpp>

TEST(importer, stops_when_its_lock_is_deleted) {
    redlock::testing::world world;
    redlock::lock_manager locks{world.get_executor(), world.nodes()};
    const auto sleep = [&world](std::chrono::nanoseconds time) -> asio::awaitable<void> {
        co_await world.async_sleep(time);
    };
    int batches = 0;
    bool stopped = false;
    asio::co_spawn(world.get_executor(), import_batches(locks, sleep, batches),
                   [&stopped](std::exception_ptr) { stopped = true; });

    world.run_for(1h);
    EXPECT_EQ(batches, 59);  // The lock took a few milliseconds.
    EXPECT_FALSE(stopped);

    world.lose("import");
    EXPECT_TRUE(world.run_until([&stopped] { return stopped; }, 10s));
}
// end of snippet

// Catch2 need not be installed here: these stand for its macros.
#define TEST_CASE(name) TEST(worker, takes_over_from_one_that_died)
#define REQUIRE(condition) ASSERT_TRUE(condition)

// snippet: catch2
TEST_CASE("a worker takes over from one that died") {
    redlock::testing::world world;
    const redlock::testing::process doomed = world.add_process();
    redlock::lock_manager first{doomed.get_executor(), world.nodes()};
    redlock::lock_manager second{world.get_executor(), world.nodes()};

    redlock::lock held;
    first.async_acquire("job", {},
                        [&held](redlock::error_code, redlock::lock got) { held = std::move(got); });
    REQUIRE(world.run_until([&held] { return held.valid(); }, 1s));
    doomed.kill();

    bool taken_over = false;
    second.async_acquire("job", {}, [&taken_over](redlock::error_code error, redlock::lock) {
        taken_over = !error;
    });
    world.run_for(5s);
    REQUIRE(!taken_over);  // The lease of the dead is 10 s.
    world.run_for(6s);
    REQUIRE(taken_over);
}
// end of snippet

// snippet: seeds
void import_with_trouble(std::uint64_t seed) {
    redlock::testing::world world{{.nodes = 5, .seed = seed}};
    redlock::lock_manager locks{world.get_executor(), world.nodes()};
    const auto sleep = [&world](std::chrono::nanoseconds time) -> asio::awaitable<void> {
        co_await world.async_sleep(time);
    };
    int batches = 0;
    asio::co_spawn(world.get_executor(), import_batches(locks, sleep, batches), asio::detached);

    // One node forgets everything, another freezes: two of five.
    const redlock::node_index first = world.random(5);
    const redlock::node_index second = (first + 1 + world.random(4)) % 5;
    world.after(std::chrono::seconds(world.random(600)),
                [&world, first] { world.restart(first, redlock::testing::memory::lost); });
    world.after(std::chrono::seconds(world.random(600)), [&world, second] {
        world.freeze(second, std::chrono::seconds(world.random(600)));
    });
    world.run_for(10min);
    EXPECT_EQ(batches, 9);
}

TEST(importer, goes_on_while_a_majority_is_well) {
    for (std::uint64_t seed = 1; seed <= 100 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        import_with_trouble(seed);
    }
}

// The seed that failed, kept as a test of its own:
TEST(importer, goes_on_with_seed_17) {
    import_with_trouble(17);
}
// end of snippet

TEST(importer, can_sleep_for_real) {
    asio::io_context io;
    asio::co_spawn(io, sleep_for_real(1ms), asio::detached);
    EXPECT_GT(io.run(), 0U);
}
