// Fuzz target: anything that may stand where a Redis URL is expected. It is taken or refused, never
// thrown at; a refusal repeats nothing of a password; and what is taken reads the same once it was
// written down for a log. One thread.
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>

#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

constexpr std::size_t shortest_secret = 4;

/// Of words that our own messages use, nobody can say that they were repeated.
bool is_of_ours(std::string_view secret) {
    static const std::string ours =
        "expected redis://[user[:password]@]host[:port][/db] or unix:///path/to.sock[?db=n] the "
        "scheme is missing: the scheme rediss (TLS) is not supported yet redis+sentinel "
        "rediss+sentinel (Sentinel) is neither redis nor unix: must be followed by //: the user or "
        "the password host path query port holds a character that a URL cannot hold as it is: "
        "write it as % and two hexadecimal digits is malformed; an IPv6 address stands in brackets "
        "the port is not a number from 1 to 65535 the database is not a number durable in the "
        "query is neither yes nor no gives the database twice durable twice has a parameter that "
        "is not known here a Unix socket has no host: write unix:/// and the rest of the path the "
        "path of the socket is missing holds a NUL is too long: the system allows 107 bytes the "
        "URL has a fragment: write # as %23";
    return ours.find(secret) != std::string::npos;
}

void check_refusal(std::string_view url, const std::string& message) {
    require(!message.empty() && message.size() < 300, "a refusal is worded, and short");
    for (const char each : message) {
        require(each >= ' ' && each <= '~', "a refusal is one printable line");
    }
    // Whatever somebody may have meant for a password: all between a colon and a later at-sign.
    for (std::size_t colon = url.find(':'); colon != std::string_view::npos;
         colon = url.find(':', colon + 1)) {
        for (std::size_t at = url.find('@', colon);
             at != std::string_view::npos && at - colon <= message.size();
             at = url.find('@', at + 1)) {
            const std::string_view secret = url.substr(colon + 1, at - colon - 1);
            require(secret.size() < shortest_secret || is_of_ours(secret) ||
                        message.find(secret) == std::string::npos,
                    "a refusal does not repeat a password");
        }
    }
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
        check_refusal(bytes, found.error().message);
    } else {
        check_taken(*found);
    }
}

}  // namespace redlock::fuzz
