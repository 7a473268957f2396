#include "endpoint/url_query.hpp"

#include <algorithm>
#include <array>
#include <boost/url/params_view.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

namespace redlock::endpoints {

namespace {

namespace urls = boost::urls;
using transport_kind = endpoint::transport_kind;

struct parameter {
    enum class home : std::uint8_t { anywhere, unix_socket, tls, sentinel };

    std::string_view name;
    home belongs = home::anywhere;
    /// Into `found`, which has what the home promises. Throws endpoint_error.
    void (*read)(std::string_view name, const std::string& value, endpoint& found);
};

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
    throw endpoint_error{std::string{name} + " in the query " + std::string{what}};
}

void read_yes_or_no(std::string_view name, std::string_view value, bool& into) {
    into = value == "yes";
    if (!into && value != "no") {
        refuse(name, "is neither yes nor no");
    }
}

void read_text(std::string_view name, const std::string& value, std::string& into) {
    if (value.empty() || value.find('\0') != std::string::npos) {
        refuse(name, value.empty() ? "is empty" : "holds a NUL");
    }
    into = value;
}

/// Into a text of what the home promises.
template <auto Part, auto Text>
void read_into(std::string_view name, const std::string& value, endpoint& found) {
    read_text(name, value, (*(found.*Part)).*Text);
}

// Never a device or a pipe, which could hold up whoever reads a list of nodes.
void read_secret_file(std::string_view name, const std::string& path, std::string& into) {
    constexpr std::uintmax_t longest = 65536;
    if (!into.empty()) {
        refuse(name, "gives a password a second time");
    }
    std::error_code failure;
    const bool regular = std::filesystem::is_regular_file(path, failure);
    if (failure) {
        refuse(name, "names a file that cannot be read: " + failure.message());
    }
    if (!regular) {
        refuse(name, "names something that is not a regular file");
    }
    if (std::filesystem::file_size(path, failure) > longest || failure) {
        refuse(name, "names a file that is too large for a password");
    }
    std::ifstream file{path, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        refuse(name, std::string{"names a file that cannot be read: "} +
                         std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    }
    if (text.ends_with('\n')) {
        text.pop_back();
        if (text.ends_with('\r')) {
            text.pop_back();
        }
    }
    if (text.empty()) {
        refuse(name, "names a file without a password");
    }
    into = std::move(text);
}

void read_verify(std::string_view name, const std::string& value, endpoint& found) {
    found.tls->verify = value != "none";
    if (value != "none" && value != "full") {
        refuse(name, "is neither full nor none");
    }
}

// As in aioredlock's URLs.
void read_cert_reqs(std::string_view name, const std::string& value, endpoint& found) {
    found.tls->verify = value != "CERT_NONE";
    if (value != "CERT_NONE" && value != "CERT_REQUIRED") {
        refuse(name, "is neither CERT_REQUIRED nor CERT_NONE");
    }
}

constexpr std::array<parameter, 15> parameters{{
    {"durable", parameter::home::anywhere,
     [](std::string_view name, const std::string& value, endpoint& found) {
         read_yes_or_no(name, value, found.durable);
     }},
    {"password_file", parameter::home::anywhere,
     [](std::string_view name, const std::string& value, endpoint& found) {
         found.password_files.push_back(value);
         read_secret_file(name, value, found.password);
     }},
    // Of aioredlock's client library; here everything is bytes.
    {"encoding", parameter::home::anywhere, [](std::string_view, const std::string&, endpoint&) {}},
    {"db", parameter::home::unix_socket,
     [](std::string_view, const std::string& value, endpoint& found) {
         read_database(value, found);
     }},
    {"ca", parameter::home::tls, read_into<&endpoint::tls, &tls_options::ca>},
    {"cert", parameter::home::tls, read_into<&endpoint::tls, &tls_options::certificate>},
    {"key", parameter::home::tls, read_into<&endpoint::tls, &tls_options::key>},
    {"server_name", parameter::home::tls, read_into<&endpoint::tls, &tls_options::server_name>},
    {"verify", parameter::home::tls, read_verify},
    {"ssl_cert_reqs", parameter::home::tls, read_cert_reqs},
    {"master", parameter::home::sentinel, read_into<&endpoint::sentinel, &sentinel_group::master>},
    {"sentinel_user", parameter::home::sentinel,
     read_into<&endpoint::sentinel, &sentinel_group::user>},
    {"sentinel_password", parameter::home::sentinel,
     [](std::string_view name, const std::string& value, endpoint& found) {
         if (!found.sentinel->password.empty()) {
             refuse(name, "gives a password a second time");
         }
         read_text(name, value, found.sentinel->password);
     }},
    {"sentinel_password_file", parameter::home::sentinel,
     [](std::string_view name, const std::string& value, endpoint& found) {
         found.password_files.push_back(value);
         read_secret_file(name, value, found.sentinel->password);
     }},
    {"sentinel_tls", parameter::home::sentinel,
     [](std::string_view name, const std::string& value, endpoint& found) {
         read_yes_or_no(name, value, found.sentinel->tls);
         if (found.sentinel->tls && !found.tls) {
             refuse(name, "needs TLS: write rediss+sentinel://");
         }
     }},
}};

void check_place(const parameter& given, const endpoint& found) {
    using home = parameter::home;
    if (given.belongs == home::unix_socket && found.transport != transport_kind::unix_socket) {
        refuse(given.name, "is for Unix sockets: write /n behind the host");
    }
    if (given.belongs == home::tls && !found.tls) {
        refuse(given.name, "is for TLS: write rediss");
    }
    if (given.belongs == home::sentinel && !found.sentinel) {
        refuse(given.name, "is for Sentinels: write redis+sentinel://");
    }
}

}  // namespace

std::optional<std::string> master_in_query(const urls::url_view& url) {
    for (const auto& each : url.params()) {
        if (each.key == "master") {
            return each.value;
        }
    }
    return std::nullopt;
}

void read_database(std::string_view text, endpoint& found) {
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), found.database);
    if (problem != std::errc{} || end != text.data() + text.size() ||
        found.database > std::numeric_limits<int>::max()) {
        throw endpoint_error{"the database is not a number"};
    }
}

void read_query(const urls::url_view& url, endpoint& found) {
    std::set<std::string_view> seen;
    for (const auto& each : url.params()) {
        const auto* const known = std::ranges::find(parameters, each.key, &parameter::name);
        if (known == parameters.end()) {
            throw endpoint_error{"the query has a parameter that is not known here"};
        }
        check_place(*known, found);
        if (!seen.insert(known->name).second) {
            throw endpoint_error{"the query gives " + std::string{known->name} + " twice"};
        }
        known->read(known->name, each.value, found);
    }
}

}  // namespace redlock::endpoints
