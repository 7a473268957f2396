// What every example needs and none is there to teach: where the nodes are, how several workers are
// started, and how a broken promise becomes an exit status. Nothing here is part of the library,
// and nothing here keeps state.
#pragma once

#include <fmt/core.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace example {

/// The URLs in REDLOCK_NODES, separated by commas as `redlock local` sets them; else one local
/// Redis.
inline std::vector<std::string> nodes() {
    const char* listed = std::getenv("REDLOCK_NODES");
    if (listed == nullptr || *listed == '\0') {
        return {"redis://localhost:6379"};
    }
    std::vector<std::string> urls;
    for (const auto part : std::views::split(std::string_view{listed}, ',')) {
        urls.emplace_back(part.begin(), part.end());
    }
    return urls;
}

/// Stands for real work, or for the way to a database and back.
inline boost::asio::awaitable<void> pause(std::chrono::milliseconds length) {
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, length};
    co_await timer.async_wait(boost::asio::use_awaitable);
}

/// A completion handler for co_spawn: what a coroutine threw goes on to whoever runs the
/// io_context.
inline void rethrow(std::exception_ptr failure) {
    if (failure) {
        std::rethrow_exception(std::move(failure));
    }
}

/// Says whether the example kept its promise; the result is the exit status.
inline int verdict(bool kept, std::string_view promise) {
    fmt::print("{}: {}\n", kept ? "kept" : "BROKEN", promise);
    return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Runs an example and turns what it throws into words. The text of a `redlock::lock_error` names
/// each node that did not help, and why.
template <class Work>
int run(Work work) {
    try {
        return work();
    } catch (const std::exception& problem) {
        fmt::print(stderr, "stopped: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}

}  // namespace example
