// The options of `redlock exporter`, and its work. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <redlock/lock_manager.hpp>
#include <string>
#include <vector>

#include "cli/options/common_options.hpp"

namespace redlock::cli {

struct exporter_request {
    common_options common;
    std::string listen = "127.0.0.1:9633";
    std::optional<std::chrono::nanoseconds> interval;  ///< Empty: 10 s.
    std::vector<std::string> patterns;
    std::size_t most_locks = 100;
};

/// Reads `ADDRESS:PORT`, with an IPv6 address in brackets. Throws usage_error.
[[nodiscard]] boost::asio::ip::tcp::endpoint listening_address(const std::string& text);

/// Serves until it is cancelled; the exit status.
[[nodiscard]] boost::asio::awaitable<int> run_exporter(lock_manager& locks,
                                                       const exporter_request& request);

}  // namespace redlock::cli
