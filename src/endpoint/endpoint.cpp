// Redis URLs by Boost.URL. What stands here is what the parts of each kind of URL mean.
#include <sys/un.h>

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/segments_view.hpp>
#include <boost/url/url_view.hpp>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>

#include "endpoint/server_address.hpp"
#include "endpoint/url_parts.hpp"
#include "endpoint/url_query.hpp"

namespace redlock {
namespace {

namespace urls = boost::urls;
using endpoints::url_complaint;
using endpoints::url_scheme;
using transport_kind = endpoint::transport_kind;

constexpr std::uint16_t usual_port = 6379;
constexpr std::uint16_t usual_sentinel_port = 26379;

url_complaint read_addresses(const urls::url_view& url, const std::vector<std::string>& others,
                             std::uint16_t port, std::vector<server_address>& found) {
    server_address first{.host = {}, .port = port};
    if (url_complaint wrong = endpoints::read_address(url.authority(), first)) {
        return wrong;
    }
    found.push_back(std::move(first));
    for (const std::string& text : others) {
        const auto authority = urls::parse_authority(text);
        if (!authority) {
            return endpoints::part_at_fault("redis://" + text);
        }
        server_address next{.host = {}, .port = port};
        if (url_complaint wrong = endpoints::read_address(*authority, next)) {
            return wrong;
        }
        found.push_back(std::move(next));
    }
    return std::nullopt;
}

url_complaint read_server(const urls::url_view& url, endpoint& found) {
    std::vector<server_address> address;
    if (url_complaint wrong =
            read_addresses(url, {}, found.sentinel ? usual_sentinel_port : usual_port, address)) {
        return wrong;
    }
    if (found.sentinel) {  // aioredlock's form, with the master in the query
        found.sentinel->addresses = std::move(address);
    } else {
        found.host = std::move(address.front().host);
        found.port = address.front().port;
    }
    const std::string path = url.path();
    return path.empty() || path == "/"
               ? std::nullopt
               : endpoints::read_database(std::string_view{path}.substr(1), found);
}

url_complaint read_sentinel(const urls::url_view& url, const std::vector<std::string>& others,
                            endpoint& found) {
    if (endpoints::master_in_query(url)) {
        return "the name of the master belongs behind the hosts: redis+sentinel://host/NAME";
    }
    if (url_complaint wrong =
            read_addresses(url, others, usual_sentinel_port, found.sentinel->addresses)) {
        return wrong;
    }
    std::vector<std::string> path;
    for (const auto& segment : url.segments()) {
        path.emplace_back(segment);
    }
    if (path.empty() || path.front().empty() || path.front().find('\0') != std::string::npos) {
        return "the name of the master is missing: redis+sentinel://host/NAME";
    }
    if (path.size() > 2) {
        return "the path has more than the name of the master and a database";
    }
    found.sentinel->master = path.front();
    return path.size() == 2 && !path.back().empty() ? endpoints::read_database(path.back(), found)
                                                    : std::nullopt;
}

url_complaint read_cluster(const urls::url_view& url, const std::vector<std::string>& others,
                           endpoint& found) {
    const std::string path = url.path();
    if (!path.empty() && path != "/" && path != "/0") {
        return "the path is not empty: a Redis Cluster has no database but 0";
    }
    return read_addresses(url, others, usual_port, found.cluster);
}

url_complaint read_unix_socket(const urls::url_view& url, endpoint& found) {
    found.transport = transport_kind::unix_socket;
    if (!url.host().empty() || url.has_port()) {
        return "a Unix socket has no host: write unix:/// and the rest of the path";
    }
    found.path = url.path();
    if (found.path.empty() || found.path == "/" || found.path == "@") {
        return "the path of the socket is missing";
    }
    if (found.path.find('\0') != std::string::npos) {
        return "the path of the socket holds a NUL";
    }
    if (found.path.size() >= sizeof(sockaddr_un::sun_path)) {
        return "the path of the socket is too long: the system allows " +
               std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes";
    }
    return std::nullopt;
}

url_complaint read_place(const urls::url_view& url, const std::vector<std::string>& others,
                         const url_scheme& scheme, endpoint& found) {
    const bool lists =
        scheme.what == url_scheme::kind::sentinel || scheme.what == url_scheme::kind::cluster;
    if (!others.empty() && !lists) {
        return "the host is malformed; a list of hosts is for redis+sentinel and redis+cluster";
    }
    if (scheme.what == url_scheme::kind::sentinel ||
        (scheme.what == url_scheme::kind::server && endpoints::master_in_query(url))) {
        found.sentinel.emplace().tls = scheme.tls;
    }
    switch (scheme.what) {
        case url_scheme::kind::server:
            return read_server(url, found);
        case url_scheme::kind::unix_socket:
            return read_unix_socket(url, found);
        case url_scheme::kind::sentinel:
            return read_sentinel(url, others, found);
        case url_scheme::kind::cluster:
            return read_cluster(url, others, found);
    }
    return std::nullopt;
}

url_complaint read(const urls::url_view& url, const std::vector<std::string>& others,
                   const url_scheme& scheme, endpoint& found) {
    if (url.has_fragment()) {
        return "the URL has a fragment: write # as %23";
    }
    found.user = url.user();
    found.password = url.password();
    if (scheme.tls) {
        found.tls.emplace();
    }
    if (url_complaint wrong = read_place(url, others, scheme, found)) {
        return wrong;
    }
    return endpoints::read_query(url, found);
}

std::string percent_encoded(std::string_view text, bool is_path) {
    const auto kept = is_path ? urls::pchars + '/' : urls::pchars - ':' - '@' - ',';
    return urls::encode({text.data(), text.size()}, kept);
}

/// `fe80::1%eth0` as it stands in a URL: in brackets there are no other characters.
std::string encoded_ipv6(std::string_view host) {
    const std::size_t sign = host.find('%');
    std::string text{host.substr(0, sign)};
    if (sign != std::string_view::npos) {
        const std::string_view interface = host.substr(sign + 1);
        text += "%25" + urls::encode({interface.data(), interface.size()}, urls::unreserved_chars);
    }
    return text;
}

std::string shown(const server_address& address) {
    const bool ipv6 = address.host.find(':') != std::string::npos;
    return endpoints::to_string(
        {ipv6 ? encoded_ipv6(address.host) : percent_encoded(address.host, false), address.port});
}

std::string shown(const std::vector<server_address>& addresses) {
    std::string text;
    for (const server_address& each : addresses) {
        text += (text.empty() ? "" : ",") + shown(each);
    }
    return text;
}

}  // namespace

boost::system::result<endpoint, endpoint_error> parse_endpoint(std::string_view url) {
    url_scheme scheme;
    if (url_complaint wrong = endpoints::read_scheme(url, scheme)) {
        return endpoint_error{*wrong};
    }
    const endpoints::unlisted_url apart = endpoints::take_list_apart(url);
    const auto parsed = urls::parse_uri(apart.url);
    endpoint found;
    const url_complaint wrong = parsed && !endpoints::authority_is_cut(apart.url, *parsed)
                                    ? read(*parsed, apart.others, scheme, found)
                                    : endpoints::part_at_fault(apart.url);
    if (wrong) {
        return endpoint_error{*wrong};
    }
    return found;
}

std::string endpoint::to_string() const {
    if (transport == transport_kind::unix_socket) {
        return (path.starts_with('@') ? "unix:" : "unix://") + percent_encoded(path, true);
    }
    std::string text = tls ? "rediss" : "redis";
    if (sentinel) {
        text += "+sentinel://" + shown(sentinel->addresses) + '/' +
                percent_encoded(sentinel->master, false);
    } else if (!cluster.empty()) {
        text += "+cluster://" + shown(cluster);
    } else {
        text += "://" + shown(server_address{host, port});
    }
    if (database != 0) {
        text += '/' + std::to_string(database);
    }
    return text;
}

void throw_exception_from_error(const endpoint_error& error, const boost::source_location&) {
    throw lock_error(errc::invalid_argument, {.message = error.message, .nodes = {}});
}

}  // namespace redlock
