// How addresses of servers are written. Pure; any thread.
#pragma once

#include <redlock/endpoint.hpp>
#include <string>

namespace redlock::redis {

/// `host:port`, an IPv6 address in brackets.
[[nodiscard]] std::string to_string(const server_address& address);

}  // namespace redlock::redis
