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
    /// Into `found`, which has what the home promises.
    url_complaint (*read)(std::string_view name, const std::string& value, endpoint& found);
};

url_complaint about(std::string_view name, std::string_view what) {
    return std::string{name} + " in the query " + std::string{what};
}

url_complaint read_yes_or_no(std::string_view name, std::string_view value, bool& into) {
    into = value == "yes";
    return into || value == "no" ? std::nullopt : about(name, "is neither yes nor no");
}

url_complaint read_text(std::string_view name, const std::string& value, std::string& into) {
    if (value.empty() || value.find('\0') != std::string::npos) {
        return about(name, value.empty() ? "is empty" : "holds a NUL");
    }
    into = value;
    return std::nullopt;
}

/// Into a text of what the home promises.
template <auto Part, auto Text>
url_complaint read_into(std::string_view name, const std::string& value, endpoint& found) {
    return read_text(name, value, (*(found.*Part)).*Text);
}

// Never a device or a pipe, which could hold up whoever reads a list of nodes.
url_complaint read_secret_file(std::string_view name, const std::string& path, std::string& into) {
    constexpr std::uintmax_t longest = 65536;
    if (!into.empty()) {
        return about(name, "gives a password a second time");
    }
    std::error_code failure;
    const bool regular = std::filesystem::is_regular_file(path, failure);
    if (failure) {
        return about(name, "names a file that cannot be read: " + failure.message());
    }
    if (!regular) {
        return about(name, "names something that is not a regular file");
    }
    if (std::filesystem::file_size(path, failure) > longest || failure) {
        return about(name, "names a file that is too large for a password");
    }
    std::ifstream file{path, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        return about(name, std::string{"names a file that cannot be read: "} +
                               std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    }
    if (text.ends_with('\n')) {
        text.pop_back();
        if (text.ends_with('\r')) {
            text.pop_back();
        }
    }
    if (text.empty()) {
        return about(name, "names a file without a password");
    }
    into = std::move(text);
    return std::nullopt;
}

url_complaint read_verify(std::string_view name, const std::string& value, endpoint& found) {
    found.tls->verify = value != "none";
    return value == "none" || value == "full" ? std::nullopt
                                              : about(name, "is neither full nor none");
}

// As in aioredlock's URLs.
url_complaint read_cert_reqs(std::string_view name, const std::string& value, endpoint& found) {
    found.tls->verify = value != "CERT_NONE";
    return value == "CERT_NONE" || value == "CERT_REQUIRED"
               ? std::nullopt
               : about(name, "is neither CERT_REQUIRED nor CERT_NONE");
}

constexpr std::array<parameter, 15> parameters{{
    {"durable", parameter::home::anywhere,
     [](std::string_view name, const std::string& value, endpoint& found) {
         return read_yes_or_no(name, value, found.durable);
     }},
    {"password_file", parameter::home::anywhere,
     [](std::string_view name, const std::string& value, endpoint& found) {
         found.password_files.push_back(value);
         return read_secret_file(name, value, found.password);
     }},
    // Of aioredlock's client library; here everything is bytes.
    {"encoding", parameter::home::anywhere,
     [](std::string_view, const std::string&, endpoint&) -> url_complaint { return std::nullopt; }},
    {"db", parameter::home::unix_socket,
     [](std::string_view, const std::string& value, endpoint& found) {
         return read_database(value, found);
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
         return found.sentinel->password.empty() ? read_text(name, value, found.sentinel->password)
                                                 : about(name, "gives a password a second time");
     }},
    {"sentinel_password_file", parameter::home::sentinel,
     [](std::string_view name, const std::string& value, endpoint& found) {
         found.password_files.push_back(value);
         return read_secret_file(name, value, found.sentinel->password);
     }},
    {"sentinel_tls", parameter::home::sentinel,
     [](std::string_view name, const std::string& value, endpoint& found) {
         const url_complaint wrong = read_yes_or_no(name, value, found.sentinel->tls);
         return !wrong && found.sentinel->tls && !found.tls
                    ? about(name, "needs TLS: write rediss+sentinel://")
                    : wrong;
     }},
}};

url_complaint out_of_place(const parameter& given, const endpoint& found) {
    switch (given.belongs) {
        case parameter::home::anywhere:
            break;
        case parameter::home::unix_socket:
            if (found.transport != transport_kind::unix_socket) {
                return about(given.name, "is for Unix sockets: write /n behind the host");
            }
            break;
        case parameter::home::tls:
            if (!found.tls) {
                return about(given.name, "is for TLS: write rediss");
            }
            break;
        case parameter::home::sentinel:
            if (!found.sentinel) {
                return about(given.name, "is for Sentinels: write redis+sentinel://");
            }
            break;
    }
    return std::nullopt;
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

url_complaint read_database(std::string_view text, endpoint& found) {
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), found.database);
    const bool fits = problem == std::errc{} && end == text.data() + text.size() &&
                      found.database <= std::numeric_limits<int>::max();
    return fits ? std::nullopt : url_complaint{"the database is not a number"};
}

url_complaint read_query(const urls::url_view& url, endpoint& found) {
    std::set<std::string_view> seen;
    for (const auto& each : url.params()) {
        const auto* const known =
            std::find_if(parameters.begin(), parameters.end(),
                         [&](const parameter& one) { return one.name == each.key; });
        if (known == parameters.end()) {
            return "the query has a parameter that is not known here";
        }
        if (url_complaint wrong = out_of_place(*known, found)) {
            return wrong;
        }
        if (!seen.insert(known->name).second) {
            return "the query gives " + std::string{known->name} + " twice";
        }
        if (url_complaint wrong = known->read(known->name, each.value, found)) {
            return wrong;
        }
    }
    return std::nullopt;
}

}  // namespace redlock::endpoints
