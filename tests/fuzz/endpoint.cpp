// Fuzz target: anything that may stand where a Redis URL is expected. It is taken or refused, never
// thrown at; a refusal repeats nothing of a password; and what is taken reads the same once it was
// written down for a log. One thread.
#include <algorithm>
#include <array>
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>

#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

/// Every sentence with which a URL is refused. None has room for a part of the URL.
constexpr std::array<std::string_view, 23> refusals{
    "the scheme is missing: "
    "expected redis://[user[:password]@]host[:port][/db] or unix:///path/to.sock[?db=n]",
    "the scheme rediss (TLS) is not supported yet",
    "the scheme redis+sentinel (Sentinel) is not supported yet",
    "the scheme rediss+sentinel (Sentinel) is not supported yet",
    "the scheme is neither redis nor unix: "
    "expected redis://[user[:password]@]host[:port][/db] or unix:///path/to.sock[?db=n]",
    "the scheme must be followed by //: "
    "expected redis://[user[:password]@]host[:port][/db] or unix:///path/to.sock[?db=n]",
    "the query holds a character that a URL cannot hold as it is: "
    "write it as % and two hexadecimal digits",
    "the path holds a character that a URL cannot hold as it is: "
    "write it as % and two hexadecimal digits",
    "the user or the password holds a character that a URL cannot hold as it is: "
    "write it as % and two hexadecimal digits",
    "the port is not a number from 1 to 65535",
    "the host is malformed; an IPv6 address stands in brackets",
    "the host is malformed",
    "the host is missing",
    "the database is not a number",
    "durable in the query is neither yes nor no",
    "the query has a parameter that is not known here",
    "the query gives the database twice",
    "the query gives durable twice",
    "a Unix socket has no host: write unix:/// and the rest of the path",
    "the path of the socket is missing",
    "the path of the socket holds a NUL",
    "the path of the socket is too long: the system allows 107 bytes",
    "the URL has a fragment: write # as %23",
};

void check_refusal(std::string_view message) {
    require(std::find(refusals.begin(), refusals.end(), message) != refusals.end(),
            "a refusal is one of our own sentences, and so without a part of the URL");
}

void check_taken(const endpoint& found) {
    const bool tcp = found.transport == endpoint::transport_kind::tcp;
    require(tcp ? !found.host.empty() && found.port != 0 && found.path.empty()
                : !found.path.empty() && found.path.size() < 108,
            "there is somewhere to connect to");
    require((tcp ? found.host : found.path).find('\0') == std::string::npos,
            "no name goes on after its end");

    const std::string shown = found.to_string();
    for (const char each : shown) {
        require(each > ' ' && each <= '~', "what is logged is one printable word");
    }
    endpoint expected = found;
    expected.user.clear();
    expected.password.clear();
    expected.durable = false;
    if (!tcp) {
        // The number of a socket's database is in its query.
        expected.database = 0;
    }
    const auto again = parse_endpoint(shown);
    require(again.has_value() && *again == expected, "what is logged is the same endpoint");
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
