// The C++ side of docs/migration-from-aioredlock.md, compiled by the tests and never run. What
// stands between two snippet marks is what the page shows, letter by letter; check.sh in this
// folder sees to that.
#include <boost/asio.hpp>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> do_your_stuff();

// snippet: migration
asio::awaitable<void> program(redlock::lock_manager& locks) {
    using redlock::wait_policy;

    redlock::lock lock = co_await locks.async_acquire(
        "resource_name", {.lease_time = 10s, .wait = wait_policy::attempts(3)});
    co_await lock.async_extend(10s);
    co_await lock.async_release();

    co_await redlock::with_lock(
        locks, "resource_name",
        [](redlock::lock&) -> asio::awaitable<void> { co_await do_your_stuff(); },
        {.wait = wait_policy::attempts(3)});

    co_await locks.async_close();
}
// end of snippet

asio::awaitable<void> do_your_stuff() {
    co_return;
}

int main() {
    asio::io_context io;
    redlock::lock_manager locks{io.get_executor(), {"redis://localhost:6379/2"}};
    asio::co_spawn(io, program(locks), asio::detached);
    io.run();
}
