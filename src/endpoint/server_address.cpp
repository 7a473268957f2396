#include "endpoint/server_address.hpp"

#include <algorithm>

namespace redlock::endpoints {
namespace {

// As long as a name in DNS may be.
constexpr std::size_t longest_host = 255;

}  // namespace

std::string to_string(const server_address& address) {
    const bool ipv6 = address.host.find(':') != std::string::npos;
    return (ipv6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

bool may_be_a_host(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_host &&
           std::ranges::all_of(text, [](char each) { return each > ' ' && each < 127; });
}

}  // namespace redlock::endpoints
