#include "endpoint/url_parts.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>
#include <charconv>

namespace redlock::endpoints {

namespace {

namespace urls = boost::urls;

constexpr std::string_view known_forms =
    "expected redis://[user[:password]@]host[:port][/db], unix:///path/to.sock[?db=n], "
    "redis+sentinel://host[:port][,host...]/master[/db] or redis+cluster://host[:port][,host...]; "
    "rediss... for TLS";

constexpr std::string_view bad_port = "the port is not a number from 1 to 65535";
constexpr std::string_view bad_bracket =
    "the host is malformed; an IPv6 address stands in brackets";

struct named_scheme {
    std::string_view name;
    url_scheme meaning;
};

constexpr std::array<named_scheme, 7> schemes{{
    {"redis", {url_scheme::kind::server, false}},
    {"rediss", {url_scheme::kind::server, true}},
    {"unix", {url_scheme::kind::unix_socket, false}},
    {"redis+sentinel", {url_scheme::kind::sentinel, false}},
    {"rediss+sentinel", {url_scheme::kind::sentinel, true}},
    {"redis+cluster", {url_scheme::kind::cluster, false}},
    {"rediss+cluster", {url_scheme::kind::cluster, true}},
}};

std::string unencoded(std::string_view part) {
    return "the " + std::string{part} +
           " holds a character that a URL cannot hold as it is: write it as % and two hexadecimal "
           "digits";
}

std::string_view authority_of(std::string_view url) {
    const std::size_t slashes = url.find(':') + 1;
    if (!url.substr(slashes).starts_with("//")) {
        return {};
    }
    const std::string_view rest = url.substr(slashes + 2);
    return rest.substr(0, rest.find_first_of("/?#"));
}

std::string_view behind_user(std::string_view authority) {
    const std::size_t at = authority.rfind('@');
    return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

bool is_authority(std::string_view text) {
    return urls::parse_authority({text.data(), text.size()}).has_value();
}

}  // namespace

url_scheme read_scheme(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (colon == std::string_view::npos) {
        throw endpoint_error{"the scheme is missing: " + std::string{known_forms}};
    }
    const std::string name =
        boost::algorithm::to_lower_copy(std::string{url.substr(0, colon)}, std::locale::classic());
    const auto* const known = std::ranges::find(schemes, name, &named_scheme::name);
    if (known == schemes.end()) {
        throw endpoint_error{"the scheme is not known: " + std::string{known_forms}};
    }
    const std::string_view rest = url.substr(colon + 1);
    const bool abstract =
        known->meaning.what == url_scheme::kind::unix_socket && rest.starts_with('@');
    if (!rest.starts_with("//") && !abstract) {
        throw endpoint_error{"the scheme must be followed by //: " + std::string{known_forms}};
    }
    return known->meaning;
}

unlisted_url take_list_apart(std::string_view url) {
    const std::string_view hosts = behind_user(authority_of(url));
    const std::size_t comma = hosts.find(',');
    if (comma == std::string_view::npos) {
        return {std::string{url}, {}};
    }
    unlisted_url apart{std::string{url}, {}};
    apart.url.erase(static_cast<std::size_t>(hosts.data() - url.data()) + comma,
                    hosts.size() - comma);
    const std::string_view others = hosts.substr(comma + 1);
    boost::algorithm::split(apart.others, others, boost::is_any_of(","));
    return apart;
}

server_address read_address(const urls::authority_view& authority, std::uint16_t port) {
    // Not host_address(), which leaves the %25 before the interface of an address as it is, or not,
    // by the release of Boost.
    server_address found{authority.encoded_host_address().decode(), port};
    if (found.host.empty()) {
        throw endpoint_error{"the host is missing"};
    }
    if (found.host.find('\0') != std::string::npos ||
        authority.host_type() == urls::host_type::ipvfuture) {
        throw endpoint_error{"the host is malformed"};
    }
    if (authority.host_type() == urls::host_type::name) {
        // A colon written as %3A: no name has one, and what is shown of it could not be read again.
        if (found.host.find(':') != std::string::npos) {
            throw endpoint_error{std::string{bad_bracket}};
        }
        if (found.host.find(',') != std::string::npos) {
            throw endpoint_error{
                "the host is malformed; a list of hosts is for redis+sentinel and redis+cluster"};
        }
    }
    if (authority.has_port() && !authority.port().empty()) {
        // Not port_number(), which takes 99999 modulo 65536.
        const std::string digits = authority.port();
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), found.port);
        if (read.ec != std::errc{} || found.port == 0) {
            throw endpoint_error{std::string{bad_port}};
        }
    }
    return found;
}

bool authority_is_cut(std::string_view url, const urls::url_view& parsed) {
    return authority_of(url).size() != parsed.encoded_authority().size();
}

std::string part_at_fault(std::string_view url) {
    const std::string_view authority = authority_of(url);
    if (is_authority(authority)) {
        const std::string_view up_to_path = url.substr(0, url.find_first_of("?#"));
        const bool path_fits = urls::parse_uri({up_to_path.data(), up_to_path.size()}).has_value();
        return unencoded(path_fits ? "query" : "path");
    }
    const std::string_view address = behind_user(authority);
    if (is_authority(address)) {
        return unencoded("user or the password");
    }
    const std::size_t bracket = address.rfind(']');
    const std::size_t colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const bool one_colon =
        colon != std::string_view::npos && address.find(':', colon + 1) == std::string_view::npos;
    if (one_colon && is_authority(address.substr(0, colon))) {
        return std::string{bad_port};
    }
    return std::string{bad_bracket};
}

}  // namespace redlock::endpoints
