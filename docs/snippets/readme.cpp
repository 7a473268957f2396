// The example of README.md, as a program that the tests compile. What stands between the two
// snippet marks is what the page shows, letter by letter; check.sh in this folder sees to that.
#include <cstdint>

// snippet: readme
#include <boost/asio.hpp>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> write_to_storage(redlock::fencing_token fencing);

asio::awaitable<void> ship(redlock::lock_manager& locks) {
    // Waits, runs the body while the lock is held, renews it, releases it on every way out.
    // If the lock is lost, the body is cancelled and lock_error with errc::lost is thrown.
    co_await redlock::with_lock(locks, "orders:42",
                                [](redlock::lock& held) -> asio::awaitable<void> {
                                    co_await write_to_storage(held.fencing_token());
                                });

    // By hand. A lease of 30 s that nobody renews; at most 5 s of waiting for it.
    redlock::lock lock = co_await locks.async_acquire("orders:42", {.lease_time = 30s, .wait = 5s});
    co_await lock.async_extend(30s);
    co_await lock.async_release();
}

int main() {
    asio::io_context io;
    redlock::lock_manager locks{
        io.get_executor(),
        {"redis://10.0.0.1", "redis://10.0.0.2", "redis://user:secret@10.0.0.3:6380/0"}};
    asio::co_spawn(io, ship(locks), [](std::exception_ptr failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
    io.run();
}
// end of snippet

asio::awaitable<void> write_to_storage(redlock::fencing_token fencing) {
    if (!fencing) {
        throw std::invalid_argument("a store wants a fencing token");
    }
    co_return;
}
