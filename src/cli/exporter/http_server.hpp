// Serves answers over HTTP/1.1: requests without a body, a bound on connections, on the size of a
// request and on how long a client may take. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string_view>

#include "cli/exporter/sighting.hpp"

namespace redlock::cli {

/// What to answer, by the method and the target of a request.
using http_handler = std::function<http_answer(std::string_view method, std::string_view target)>;

/// More than these at once are turned away: one Prometheus needs one.
inline constexpr int most_http_connections = 64;

/// Until cancelled. The connections that are open then are closed.
[[nodiscard]] boost::asio::awaitable<void> serve_http(boost::asio::ip::tcp::acceptor& acceptor,
                                                      http_handler answer);

}  // namespace redlock::cli
