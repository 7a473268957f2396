// A user's first program: it must compile and link with nothing but what the package tells. It
// needs no server: what it does is decided without one.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>
#include <redlock/redlock.hpp>

int main() {
    const auto node = redlock::parse_endpoint("redis://:secret@127.0.0.1:1/2");
    if (!node || node->host != "127.0.0.1" || node->port != 1 || node->database != 2) {
        std::cerr << "parse_endpoint\n";
        return 1;
    }
    if (redlock::parse_endpoint("http://127.0.0.1")) {
        std::cerr << "parse_endpoint takes anything\n";
        return 1;
    }

    // Filled in by hand, naming only what matters.
    const redlock::endpoint by_hand{.host = "127.0.0.1",
                                    .tls = redlock::tls_options{.verify = false}};
    const redlock::endpoint sentinels{
        .sentinel = redlock::sentinel_group{.addresses = {{.host = "a"}}, .master = "locks"}};
    if (by_hand == sentinels) {
        std::cerr << "endpoints are the same\n";
        return 1;
    }

    boost::asio::io_context io;
    redlock::lock_manager locks{io, {"redis://127.0.0.1:1"}};
    if (locks.get_executor() != boost::asio::any_io_executor{io.get_executor()}) {
        std::cerr << "a manager on an io_context has not its executor\n";
        return 1;
    }
    redlock::error_code outcome = redlock::errc::closed;
    locks.async_try_acquire("", {}, [&](redlock::error_code error, const redlock::lock& held) {
        outcome = error;
        if (held.valid()) {
            outcome = {};
        }
        locks.async_close([](redlock::error_code) {});
    });
    io.run();
    if (outcome != redlock::errc::invalid_argument) {
        std::cerr << "an empty name: " << outcome.message() << '\n';
        return 1;
    }
    if (redlock::version() != REDLOCK_EXPECTED_VERSION) {
        std::cerr << "version: " << redlock::version() << '\n';
        return 1;
    }
    std::cout << node->to_string() << '\n';
    return 0;
}
