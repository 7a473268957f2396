// A node's address and login, read from a Redis URL. Parsing checks everything that can be checked
// without a network, and its errors name the part at fault but never show a secret.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/export.hpp"

namespace redlock {

/// A name or a numeric address (IPv6 without brackets), and a port.
struct server_address {
    std::string host{};
    std::uint16_t port = 0;

    friend bool operator==(const server_address&, const server_address&) = default;
};

/// How to speak TLS, and which authorities to trust. Files are PEM, and are read anew for each
/// connection, so that a renewed certificate needs no restart.
struct tls_options {
    std::string ca{};  ///< File or folder of the authorities to trust; empty: the system's.
    std::string certificate{};  ///< File of the client's certificate chain; empty: none is shown.
    std::string key{};          ///< File of its private key; empty: in the certificate's file.
    /// The name that the server's certificate must carry; empty: the host that was connected to.
    std::string server_name{};
    /// False: any certificate is accepted. Only for trying.
    bool verify = true;

    friend bool operator==(const tls_options&, const tls_options&) = default;
};

/// Sentinels that know where the master is, and how to log in to them.
struct sentinel_group {
    std::vector<server_address> addresses{};
    std::string master{};    ///< Its name, as in `sentinel monitor NAME`.
    std::string user{};      ///< Empty: the default user.
    std::string password{};  ///< No AUTH is sent when both user and password are empty.
    bool tls = false;        ///< With the `tls_options` of the endpoint.

    friend bool operator==(const sentinel_group&, const sentinel_group&) = default;
};

/// One node: a Redis server, the master that Sentinels name, or a Redis Cluster. Build it from a
/// URL with `parse_endpoint`, or fill it in.
struct REDLOCK_API endpoint {
    enum class transport_kind { tcp, unix_socket };

    transport_kind transport = transport_kind::tcp;
    std::string host = "localhost";  ///< Name or address; an IPv6 address without brackets.
    std::uint16_t port = 6379;
    std::string path{};      ///< Path of the Unix socket; "@name" is Linux's abstract name space.
    std::string user{};      ///< Empty: the default user.
    std::string password{};  ///< No AUTH is sent when both user and password are empty.
    unsigned database = 0;
    /// The operator declares that a restart loses nothing (`appendfsync always`, and no failover):
    /// then the node needs no quarantine.
    bool durable = false;
    /// Set: TLS; only with TCP.
    std::optional<tls_options> tls{};
    /// Set: the server is the one that these name as master, and `host` and `port` are ignored.
    std::optional<sentinel_group> sentinel{};
    /// Not empty: a Redis Cluster in which these are servers, and `host` and `port` are ignored.
    std::vector<server_address> cluster{};
    /// The files that the URL named for passwords, which were read with it.
    std::vector<std::string> password_files{};

    /// The URL without user, password and query: safe to log.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Why a URL is refused, in words that name its part at fault. Never contains a secret.
struct endpoint_error {
    std::string message;
};

/// Called by `value()` of a result with an error: throws lock_error with errc::invalid_argument.
[[noreturn]] REDLOCK_API void throw_exception_from_error(const endpoint_error& error,
                                                         const boost::source_location& where);

/// Reads, percent encoding included:
///
///     redis://[user[:password]@]host[:port][/db]           rediss:// for TLS
///     unix://[user[:password]@]/path/to.sock[?db=n]        unix:@name: Linux's abstract name space
///     redis+sentinel://[user[:password]@]host[:port][,host[:port]...]/master[/db]
///     redis://host[:port][/db]?master=name                 the same with one Sentinel
///     redis+cluster://[user[:password]@]host[:port][,host[:port]...]
///
/// with rediss+sentinel and rediss+cluster for TLS. `redis://:password@host` is a password for the
/// default user. Default ports are 6379, and 26379 of Sentinels; the default database is 0. In the
/// query: `password_file`, which is read at once, with one newline at its end ignored;
/// `durable=yes`; for TLS `ca`, `cert`, `key`, `server_name`, `verify=none`; for Sentinels
/// `sentinel_user`, `sentinel_password`, `sentinel_password_file` and `sentinel_tls=yes` or `no`
/// (default: as the scheme says). `encoding` and `ssl_cert_reqs` are accepted for compatibility
/// with aioredlock. Thread-safe; no I/O but `password_file` and `sentinel_password_file`.
[[nodiscard]] REDLOCK_API boost::system::result<endpoint, endpoint_error> parse_endpoint(
    std::string_view url);

/// Checks the TLS files of a node as each new connection does: whether they can be read, have the
/// right content and fit each other. A node without TLS passes. Thread-safe; reads files, the
/// system's authorities among them, and uses no network.
[[nodiscard]] REDLOCK_API boost::system::result<void, endpoint_error> check_tls_files(
    const endpoint& node);

}  // namespace redlock
