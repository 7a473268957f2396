// A user's test without a test framework: it must compile and link with nothing but what the
// package tells, and run without servers.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <redlock/redlock.hpp>
#include <redlock/testing.hpp>
#include <stdexcept>

using namespace std::chrono_literals;

namespace {

boost::asio::awaitable<void> work(redlock::testing::world& world, redlock::lock_manager& locks) {
    redlock::lock held = co_await locks.async_acquire("job");
    co_await world.async_sleep(1min);
    co_await held.async_release();
}

}  // namespace

int main() {
    redlock::testing::world world{{.nodes = 5, .seed = 7}};
    redlock::lock_manager locks{world.get_executor(), world.nodes()};
    bool done = false;
    boost::asio::co_spawn(world.get_executor(), work(world, locks),
                          [&done](std::exception_ptr failure) { done = !failure; });
    world.run_for(1s);
    if (world.holder("job").empty()) {
        std::cerr << "not held\n";
        return 1;
    }
    if (!world.run_until([&done] { return done; }, 2min)) {
        std::cerr << "not done\n";
        return 1;
    }
    try {
        world.kill(5);
        std::cerr << "a sixth node\n";
        return 1;
    } catch (const std::out_of_range&) {
    }
    // What is thrown in one library must be caught in another.
    try {
        const redlock::testing::world none{{.nodes = 0}};
        std::cerr << "a world without nodes\n";
        return 1;
    } catch (const redlock::lock_error& problem) {
        return problem.code() == redlock::errc::invalid_argument ? 0 : 1;
    }
}
