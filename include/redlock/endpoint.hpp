// Where a node is and how to log in there, read from a Redis URL. Parsing decides everything that
// can be decided without a network, and its errors name the part at fault but never show a secret.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace redlock {

/// One Redis server. Build it from a URL with `parse_endpoint`, or fill it in.
struct endpoint {
    enum class transport_kind { tcp, unix_socket };

    transport_kind transport = transport_kind::tcp;
    std::string host = "localhost";  ///< Name or address; an IPv6 address without brackets.
    std::uint16_t port = 6379;
    std::string path;      ///< Path of the Unix socket; "@name" is Linux's abstract name space.
    std::string user;      ///< Empty: the default user.
    std::string password;  ///< No AUTH is sent when both user and password are empty.
    unsigned database = 0;
    /// A restart loses nothing (`appendfsync always`, and no failover), which is the operator's
    /// word: then the node needs no quarantine.
    bool durable = false;

    /// The URL without user, password and query: what may be logged.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Why a URL is refused, in words that name its part at fault. Never contains a secret.
struct endpoint_error {
    std::string message;
};

/// What `value()` of a result does with an error: throws lock_error with errc::invalid_argument.
[[noreturn]] void throw_exception_from_error(const endpoint_error& error,
                                             const boost::source_location& where);

/// Reads `redis://[user[:password]@]host[:port][/db]` and `unix:///path/to.sock[?db=n]`, percent
/// encoding included (`redis://:password@host` is a password for the default user; for Unix sockets
/// `unix://[user[:password]@]/path`, for Linux's abstract name space `unix:@name`). Without `/db`
/// it is database 0. `?durable=yes` sets `endpoint::durable`. A scheme for TLS or Sentinel is
/// refused by name. Thread-safe; no I/O.
[[nodiscard]] boost::system::result<endpoint, endpoint_error> parse_endpoint(std::string_view url);

}  // namespace redlock
