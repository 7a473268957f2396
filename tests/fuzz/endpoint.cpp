// Fuzz target: anything that may stand where a Redis URL is expected. It is taken or refused, never
// thrown at; a refusal repeats nothing of a password; and what is taken reads the same once it was
// written down for a log. One thread.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <redlock/endpoint.hpp>
#include <set>
#include <string>
#include <string_view>

#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

constexpr std::string_view forms =
    "expected redis://[user[:password]@]host[:port][/db], unix:///path/to.sock[?db=n], "
    "redis+sentinel://host[:port][,host...]/master[/db] or redis+cluster://host[:port][,host...]; "
    "rediss... for TLS";
constexpr std::string_view encoding =
    " holds a character that a URL cannot hold as it is: write it as % and two hexadecimal digits";

/// Every sentence with which a URL is refused, but those about the query's parameters. None has
/// room for a part of the URL.
const std::set<std::string, std::less<>> refusals{
    "the scheme is missing: " + std::string{forms},
    "the scheme is not known: " + std::string{forms},
    "the scheme must be followed by //: " + std::string{forms},
    "the query" + std::string{encoding},
    "the path" + std::string{encoding},
    "the user or the password" + std::string{encoding},
    "the port is not a number from 1 to 65535",
    "the host is malformed; an IPv6 address stands in brackets",
    "the host is malformed; a list of hosts is for redis+sentinel and redis+cluster",
    "the host is malformed",
    "the host is missing",
    "the database is not a number",
    "the query has a parameter that is not known here",
    "the name of the master is missing: redis+sentinel://host/NAME",
    "the name of the master belongs behind the hosts: redis+sentinel://host/NAME",
    "the path has more than the name of the master and a database",
    "the path is not empty: a Redis Cluster has no database but 0",
    "a Unix socket has no host: write unix:/// and the rest of the path",
    "the path of the socket is missing",
    "the path of the socket holds a NUL",
    "the path of the socket is too long: the system allows 107 bytes",
    "the URL has a fragment: write # as %23",
};

constexpr std::array<std::string_view, 15> parameters{
    "durable",
    "password_file",
    "encoding",
    "db",
    "ca",
    "cert",
    "key",
    "server_name",
    "verify",
    "ssl_cert_reqs",
    "master",
    "sentinel_user",
    "sentinel_password",
    "sentinel_password_file",
    "sentinel_tls",
};

/// What is said of a parameter, which is named.
constexpr std::array<std::string_view, 12> verdicts{
    "is neither yes nor no",
    "is neither full nor none",
    "is neither CERT_REQUIRED nor CERT_NONE",
    "is empty",
    "holds a NUL",
    "is for Unix sockets: write /n behind the host",
    "is for TLS: write rediss",
    "is for Sentinels: write redis+sentinel://",
    "needs TLS: write rediss+sentinel://",
    "gives a password a second time",
    "names something that is not a regular file",
    "names a file without a password",
};

bool is_reason_of_the_system(std::string_view text) {
    for (int number = 1; number < 134; ++number) {
        if (text == std::strerror(number)) {  // NOLINT(concurrency-mt-unsafe)
            return true;
        }
    }
    return false;
}

bool is_about_a_parameter(std::string_view message) {
    constexpr std::string_view twice = "the query gives ";
    constexpr std::string_view unreadable = "names a file that cannot be read: ";
    for (const std::string_view name : parameters) {
        if (message == std::string{twice} + std::string{name} + " twice") {
            return true;
        }
        const std::string about = std::string{name} + " in the query ";
        if (!message.starts_with(about)) {
            continue;
        }
        const std::string_view said = message.substr(about.size());
        return std::find(verdicts.begin(), verdicts.end(), said) != verdicts.end() ||
               said == "names a file that is too large for a password" ||
               (said.starts_with(unreadable) &&
                is_reason_of_the_system(said.substr(unreadable.size())));
    }
    return false;
}

void check_refusal(std::string_view message) {
    require(refusals.contains(message) || is_about_a_parameter(message),
            "a refusal is one of our own sentences, and so without a part of the URL");
}

/// All of it that is shown.
endpoint without_secrets(endpoint found) {
    found.user.clear();
    found.password.clear();
    found.password_files.clear();
    found.durable = false;
    if (found.transport == endpoint::transport_kind::unix_socket) {
        // The number of a socket's database is in its query.
        found.database = 0;
    }
    if (found.tls) {
        found.tls.emplace();
    }
    if (found.sentinel) {
        found.sentinel->user.clear();
        found.sentinel->password.clear();
        found.sentinel->tls = found.tls.has_value();
    }
    return found;
}

void check_address(const server_address& address) {
    require(!address.host.empty() && address.port != 0, "there is somewhere to connect to");
    require(address.host.find('\0') == std::string::npos, "no name goes on after its end");
}

void check_taken(const endpoint& found) {
    if (found.transport == endpoint::transport_kind::tcp) {
        require(found.path.empty(), "a host has no path");
        check_address({found.host, found.port});
    } else {
        require(!found.path.empty() && found.path.size() < 108, "there is a socket");
        require(found.path.find('\0') == std::string::npos, "no path goes on after its end");
        require(!found.tls, "a socket has no TLS");
    }
    if (found.sentinel) {
        require(!found.sentinel->addresses.empty() && !found.sentinel->master.empty(),
                "there is somebody to ask, and for whom");
        std::for_each(found.sentinel->addresses.begin(), found.sentinel->addresses.end(),
                      check_address);
    }
    std::for_each(found.cluster.begin(), found.cluster.end(), check_address);
    require(!found.sentinel || found.cluster.empty(), "it is one kind of node");

    const std::string shown = found.to_string();
    for (const char each : shown) {
        require(each > ' ' && each <= '~', "what is logged is one printable word");
    }
    const auto again = parse_endpoint(shown);
    require(again.has_value() && *again == without_secrets(found),
            "what is logged is the same endpoint");
}

}  // namespace

void try_input(std::string_view bytes) {
    const auto found = parse_endpoint(bytes);
    if (found.has_error()) {
        check_refusal(found.error().message);
    } else {
        check_taken(*found);
    }
}

}  // namespace redlock::fuzz
