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
using endpoints::url_scheme;
using transport_kind = endpoint::transport_kind;

constexpr std::uint16_t usual_port = 6379;
constexpr std::uint16_t usual_sentinel_port = 26379;

std::vector<server_address> read_addresses(const urls::url_view& url,
                                           const std::vector<std::string>& others,
                                           std::uint16_t port) {
    std::vector<server_address> found{endpoints::read_address(url.authority(), port)};
    for (const std::string& text : others) {
        const auto authority = urls::parse_authority(text);
        if (!authority) {
            throw endpoint_error{endpoints::part_at_fault("redis://" + text)};
        }
        found.push_back(endpoints::read_address(*authority, port));
    }
    return found;
}

void read_server(const urls::url_view& url, endpoint& found) {
    if (found.sentinel) {  // aioredlock's form, with the master in the query
        found.sentinel->addresses = read_addresses(url, {}, usual_sentinel_port);
    } else {
        auto [host, port] = endpoints::read_address(url.authority(), usual_port);
        found.host = std::move(host);
        found.port = port;
    }
    const std::string path = url.path();
    if (!path.empty() && path != "/") {
        endpoints::read_database(std::string_view{path}.substr(1), found);
    }
}

void read_sentinel(const urls::url_view& url, const std::vector<std::string>& others,
                   endpoint& found) {
    if (endpoints::master_in_query(url)) {
        throw endpoint_error{
            "the name of the master belongs behind the hosts: redis+sentinel://host/NAME"};
    }
    found.sentinel->addresses = read_addresses(url, others, usual_sentinel_port);
    std::vector<std::string> path;
    for (const auto& segment : url.segments()) {
        path.emplace_back(segment);
    }
    if (path.empty() || path.front().empty() || path.front().find('\0') != std::string::npos) {
        throw endpoint_error{"the name of the master is missing: redis+sentinel://host/NAME"};
    }
    if (path.size() > 2) {
        throw endpoint_error{"the path has more than the name of the master and a database"};
    }
    found.sentinel->master = path.front();
    if (path.size() == 2 && !path.back().empty()) {
        endpoints::read_database(path.back(), found);
    }
}

void read_cluster(const urls::url_view& url, const std::vector<std::string>& others,
                  endpoint& found) {
    const std::string path = url.path();
    if (!path.empty() && path != "/" && path != "/0") {
        throw endpoint_error{"the path is not empty: a Redis Cluster has no database but 0"};
    }
    found.cluster = read_addresses(url, others, usual_port);
}

void read_unix_socket(const urls::url_view& url, endpoint& found) {
    found.transport = transport_kind::unix_socket;
    if (!url.host().empty() || url.has_port()) {
        throw endpoint_error{"a Unix socket has no host: write unix:/// and the rest of the path"};
    }
    found.path = url.path();
    if (found.path.empty() || found.path == "/" || found.path == "@") {
        throw endpoint_error{"the path of the socket is missing"};
    }
    if (found.path.find('\0') != std::string::npos) {
        throw endpoint_error{"the path of the socket holds a NUL"};
    }
    if (found.path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw endpoint_error{"the path of the socket is too long: the system allows " +
                             std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes"};
    }
}

void read_place(const urls::url_view& url, const std::vector<std::string>& others,
                const url_scheme& scheme, endpoint& found) {
    const bool lists =
        scheme.what == url_scheme::kind::sentinel || scheme.what == url_scheme::kind::cluster;
    if (!others.empty() && !lists) {
        throw endpoint_error{
            "the host is malformed; a list of hosts is for redis+sentinel and redis+cluster"};
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
}

endpoint read(const urls::url_view& url, const std::vector<std::string>& others,
              const url_scheme& scheme) {
    if (url.has_fragment()) {
        throw endpoint_error{"the URL has a fragment: write # as %23"};
    }
    endpoint found;
    found.user = url.user();
    found.password = url.password();
    if (scheme.tls) {
        found.tls.emplace();
    }
    read_place(url, others, scheme, found);
    endpoints::read_query(url, found);
    return found;
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
    try {
        const url_scheme scheme = endpoints::read_scheme(url);
        const endpoints::unlisted_url apart = endpoints::take_list_apart(url);
        const auto parsed = urls::parse_uri(apart.url);
        if (!parsed || endpoints::authority_is_cut(apart.url, *parsed)) {
            return endpoint_error{endpoints::part_at_fault(apart.url)};
        }
        return read(*parsed, apart.others, scheme);
    } catch (const endpoint_error& wrong) {
        return wrong;
    }
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
