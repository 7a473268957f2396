// How addresses of servers are written. Pure; any thread.
#pragma once

#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>

namespace redlock::endpoints {

/// `host:port`, an IPv6 address in brackets.
[[nodiscard]] std::string to_string(const server_address& address);

/// Whether what a server calls a host may go to the resolver and be shown: printable, not empty,
/// and no longer than a name in DNS.
[[nodiscard]] bool may_be_a_host(std::string_view text) noexcept;

}  // namespace redlock::endpoints
