// Redis URLs by Boost.URL. What stands here is only which parts a Redis URL may have and how to
// name the part at fault. No message may repeat anything of the URL but its scheme: a password with
// a character that should have been encoded ends up in any other part.
#include <sys/un.h>

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <limits>
#include <optional>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <utility>

namespace redlock {
namespace {

namespace urls = boost::urls;
using transport_kind = endpoint::transport_kind;
// Nothing, or what is wrong.
using complaint = std::optional<std::string>;

constexpr std::string_view known_parts =
    "expected redis://[user[:password]@]host[:port][/db] or unix:///path/to.sock[?db=n]";

complaint encoded(std::string_view part) {
    return "the " + std::string{part} +
           " holds a character that a URL cannot hold as it is: write it as % and two hexadecimal "
           "digits";
}

std::string lower(std::string_view text) {
    std::string copy{text};
    std::transform(copy.begin(), copy.end(), copy.begin(), [](char each) {
        return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    });
    return copy;
}

complaint wrong_scheme(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (url.empty() || colon == std::string_view::npos) {
        return "the scheme is missing: " + std::string{known_parts};
    }
    const std::string scheme = lower(url.substr(0, colon));
    const std::string_view rest = url.substr(colon + 1);
    if (scheme == "rediss") {
        return "the scheme rediss (TLS) is not supported yet";
    }
    if (scheme == "redis+sentinel" || scheme == "rediss+sentinel") {
        return "the scheme " + scheme + " (Sentinel) is not supported yet";
    }
    if (scheme != "redis" && scheme != "unix") {
        return "the scheme is neither redis nor unix: " + std::string{known_parts};
    }
    if (!rest.starts_with("//") && !(scheme == "unix" && rest.starts_with("@"))) {
        return "the scheme must be followed by //: " + std::string{known_parts};
    }
    return std::nullopt;
}

std::string_view authority_of(std::string_view url) {
    const std::size_t slashes = url.find(':') + 1;
    if (!url.substr(slashes).starts_with("//")) {
        return {};
    }
    const std::string_view rest = url.substr(slashes + 2);
    return rest.substr(0, rest.find_first_of("/?#"));
}

// Boost.URL 1.81 takes what does not fit into the authority, such as a port with letters, for a
// path.
bool swallowed(std::string_view url, const urls::url_view& parsed) {
    return authority_of(url).size() != parsed.encoded_authority().size();
}

// Only to word an error: which part is it that Boost.URL does not take?
complaint part_at_fault(std::string_view url) {
    const std::string_view authority = authority_of(url);
    if (urls::parse_authority({authority.data(), authority.size()})) {
        const std::string_view up_to_path = url.substr(0, url.find_first_of("?#"));
        const bool path_fits = urls::parse_uri({up_to_path.data(), up_to_path.size()}).has_value();
        return encoded(path_fits ? "query" : "path");
    }
    const std::size_t at = authority.rfind('@');
    const std::string_view address =
        at == std::string_view::npos ? authority : authority.substr(at + 1);
    if (urls::parse_authority({address.data(), address.size()})) {
        return encoded("user or the password");
    }
    const std::size_t bracket = address.rfind(']');
    const std::size_t colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = address.substr(0, colon);
    const bool one_colon =
        colon != std::string_view::npos && address.find(':', colon + 1) == std::string_view::npos;
    if (one_colon && urls::parse_authority({host.data(), host.size()})) {
        return "the port is not a number from 1 to 65535";
    }
    return "the host is malformed; an IPv6 address stands in brackets";
}

complaint read_database(std::string_view text, endpoint& found) {
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), found.database);
    const bool fits = problem == std::errc{} && end == text.data() + text.size() &&
                      found.database <= std::numeric_limits<int>::max();
    return fits ? std::nullopt : complaint{"the database is not a number"};
}

complaint read_durable(std::string_view text, endpoint& found) {
    found.durable = text == "yes";
    return found.durable || text == "no" ? std::nullopt
                                         : complaint{"durable in the query is neither yes nor no"};
}

complaint read_query(const urls::url_view& url, endpoint& found) {
    bool database_seen = false;
    bool durable_seen = false;
    for (const auto& each : url.params()) {
        const bool is_database = found.transport == transport_kind::unix_socket && each.key == "db";
        if (!is_database && each.key != "durable") {
            return "the query has a parameter that is not known here";
        }
        if (std::exchange(is_database ? database_seen : durable_seen, true)) {
            return is_database ? "the query gives the database twice"
                               : "the query gives durable twice";
        }
        if (complaint wrong =
                is_database ? read_database(each.value, found) : read_durable(each.value, found)) {
            return wrong;
        }
    }
    return std::nullopt;
}

complaint read_tcp(const urls::url_view& url, endpoint& found) {
    found.host = url.host_address();
    if (found.host.empty()) {
        return "the host is missing";
    }
    if (found.host.find('\0') != std::string::npos ||
        url.host_type() == urls::host_type::ipvfuture) {
        return "the host is malformed";
    }
    if (url.host_type() == urls::host_type::name && found.host.find(':') != std::string::npos) {
        // A colon written as %3A: no name has one, and what is shown of it could not be read again.
        return "the host is malformed; an IPv6 address stands in brackets";
    }
    if (url.has_port() && !url.port().empty()) {
        // Not port_number(), which takes 99999 modulo 65536.
        const std::string digits = url.port();
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), found.port);
        if (read.ec != std::errc{} || found.port == 0) {
            return "the port is not a number from 1 to 65535";
        }
    }
    const std::string path = url.path();
    if (path.empty() || path == "/") {
        return std::nullopt;
    }
    return read_database(std::string_view{path}.substr(1), found);
}

complaint read_unix(const urls::url_view& url, endpoint& found) {
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

complaint read(const urls::url_view& url, endpoint& found) {
    if (url.has_fragment()) {
        return "the URL has a fragment: write # as %23";
    }
    found.user = url.user();
    found.password = url.password();
    const bool tcp = lower(url.scheme()) == "redis";
    if (complaint wrong = tcp ? read_tcp(url, found) : read_unix(url, found)) {
        return wrong;
    }
    return read_query(url, found);
}

std::string percent_encoded(std::string_view text, bool is_path) {
    const auto kept = is_path ? urls::pchars + '/' : urls::pchars - ':' - '@';
    return urls::encode({text.data(), text.size()}, kept);
}

}  // namespace

boost::system::result<endpoint, endpoint_error> parse_endpoint(std::string_view url) {
    if (complaint wrong = wrong_scheme(url)) {
        return endpoint_error{*wrong};
    }
    const auto parsed = urls::parse_uri({url.data(), url.size()});
    endpoint found;
    complaint wrong =
        parsed && !swallowed(url, *parsed) ? read(*parsed, found) : part_at_fault(url);
    if (wrong) {
        return endpoint_error{*wrong};
    }
    return found;
}

std::string endpoint::to_string() const {
    if (transport == transport_kind::unix_socket) {
        return (path.starts_with('@') ? "unix:" : "unix://") + percent_encoded(path, true);
    }
    const bool ipv6 = host.find(':') != std::string::npos;
    std::string text = "redis://" + (ipv6 ? '[' + host + ']' : percent_encoded(host, false)) + ':' +
                       std::to_string(port);
    if (database != 0) {
        text += '/' + std::to_string(database);
    }
    return text;
}

void throw_exception_from_error(const endpoint_error& error, const boost::source_location&) {
    throw lock_error(errc::invalid_argument, {.message = error.message, .nodes = {}});
}

}  // namespace redlock
