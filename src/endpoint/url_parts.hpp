// The outer shape of a Redis URL, before its meaning: which scheme it has, which hosts it lists,
// and which part Boost.URL cannot read. No message may repeat anything of the URL but its scheme: a
// password with a character that should have been encoded ends up in any other part. Pure; any
// thread.
#pragma once

#include <boost/url/url_view.hpp>
#include <cstdint>
#include <redlock/endpoint.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::endpoints {

struct url_scheme {
    enum class kind : std::uint8_t { server, unix_socket, sentinel, cluster };

    kind what = kind::server;
    bool tls = false;
};

/// Also that what must follow the scheme follows it. Throws endpoint_error.
[[nodiscard]] url_scheme read_scheme(std::string_view url);

/// A URL like any other, and the further hosts that it listed.
struct unlisted_url {
    std::string url;                  ///< With the first of the hosts alone.
    std::vector<std::string> others;  ///< `host[:port]` each, as they stood there.
};

/// Takes `scheme://user@a:1,b:2/path` apart.
[[nodiscard]] unlisted_url take_list_apart(std::string_view url);

/// Host and port; `port` where none is given. Throws endpoint_error.
[[nodiscard]] server_address read_address(const boost::urls::authority_view& authority,
                                          std::uint16_t port);

/// Boost.URL 1.81 takes what does not fit into the authority, such as a port with letters, for a
/// path: whether it has.
[[nodiscard]] bool authority_is_cut(std::string_view url, const boost::urls::url_view& parsed);

/// Why Boost.URL does not take it.
[[nodiscard]] std::string part_at_fault(std::string_view url);

}  // namespace redlock::endpoints
