#include "redis/server_address.hpp"

namespace redlock::redis {

std::string to_string(const server_address& address) {
    const bool ipv6 = address.host.find(':') != std::string::npos;
    return (ipv6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

}  // namespace redlock::redis
