// The first program of docs/getting-started.md, compiled by the tests. What stands between the two
// snippet marks is what the page shows, letter by letter; check.sh in this folder sees to that.

// snippet: first_lock
#include <boost/asio.hpp>
#include <iostream>
#include <redlock/redlock.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> work(redlock::lock_manager& locks) {
    try {
        co_await redlock::with_lock(locks, "first",
                                    [](redlock::lock& held) -> asio::awaitable<void> {
                                        std::cout << "held, fencing token "
                                                  << held.fencing_token().value() << '\n';
                                        co_return;
                                    },
                                    {.wait = 5s});
    } catch (const redlock::lock_error& error) {
        std::cerr << error.details().to_string() << '\n';
    }
    co_await locks.async_close(asio::as_tuple(asio::use_awaitable));
}

int main() {
    asio::io_context io;
    redlock::lock_manager locks{
        io.get_executor(),
        {"redis://127.0.0.1:7001", "redis://127.0.0.1:7002", "redis://127.0.0.1:7003"}};
    asio::co_spawn(io, work(locks), asio::detached);
    io.run();
}
// end of snippet
