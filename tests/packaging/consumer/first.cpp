// A user's program, with nothing installed but libredlock-dev: holds a lock over the servers that
// REDLOCK_NODES names, and prints its fencing token.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <iostream>
#include <redlock/redlock.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

std::vector<std::string> nodes() {
    const char* listed = std::getenv("REDLOCK_NODES");
    std::istringstream words{listed != nullptr ? listed : ""};
    std::vector<std::string> urls;
    for (std::string url; std::getline(words, url, ',');) {
        urls.push_back(url);
    }
    return urls;
}

asio::awaitable<void> work(redlock::lock_manager& locks) {
    co_await redlock::with_lock(locks, "first", [](redlock::lock& held) -> asio::awaitable<void> {
        std::cout << "held, fencing token " << held.fencing_token().value() << '\n';
        co_return;
    });
}

}  // namespace

int main() {
    try {
        asio::io_context io;
        redlock::lock_manager locks{io.get_executor(), nodes()};
        auto done = asio::co_spawn(io, work(locks), asio::use_future);
        io.run();
        done.get();
    } catch (const std::exception& problem) {
        std::cerr << "first: " << problem.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
