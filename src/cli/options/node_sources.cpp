#include "cli/options/node_sources.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cerrno>
#include <cstring>
#include <redlock/endpoint.hpp>
#include <sstream>

#include "cli/base/escape.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {

namespace {

/// A comma ends a URL if what follows begins one: between the hosts of Sentinels and Clusters it
/// does not.
bool begins_url(std::string_view text) {
    const std::string_view rest = trimmed(text);
    const auto colon =
        rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+");
    return colon != 0 && colon != std::string_view::npos &&
           (rest.substr(colon).starts_with("://") || rest.substr(colon).starts_with(":@"));
}

std::size_t end_of_url(std::string_view text) {
    std::size_t comma = text.find(',');
    while (comma != std::string_view::npos && !trimmed(text.substr(0, comma)).empty() &&
           !trimmed(text.substr(comma + 1)).empty() &&
           trimmed(text.substr(comma + 1)).front() != ',' && !begins_url(text.substr(comma + 1))) {
        comma = text.find(',', comma + 1);
    }
    return comma;
}

/// As some editors write it before UTF-8.
std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

/// What cannot be read is refused here, where it is known which of several it is.
void check_url(const std::string& url, std::string_view where) {
    if (const auto read = parse_endpoint(url); !read) {
        throw usage_error(fmt::format("{}: {}", where, read.error().message));
    }
}

[[noreturn]] void refuse_file(const std::string& path, std::string_view why) {
    throw usage_error(fmt::format("--nodes-file: cannot read {}: {}", printable(path), why));
}

// For a program that writes the list into a pipe.
constexpr int patience_ms = 5'000;

std::string text_of_file(const std::string& path) {
    // Without O_NONBLOCK, the call would wait for a writer of a named pipe, for ever if there is
    // none. Reading waits as it should, and only while there is one.
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // NOLINT(*-vararg)
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0) {
        refuse_file(path, std::strerror(errno));
    }
    pollfd writer{.fd = file, .events = POLLIN, .revents = 0};
    if (S_ISFIFO(about.st_mode) && ::poll(&writer, 1, patience_ms) == 0) {
        refuse_file(path, "it is not a regular file but a pipe, and nobody writes to it");
    }
    ::fcntl(file, F_SETFL, O_RDONLY);  // NOLINT(*-vararg)
    std::string text;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while ((got = ::read(file, part.data(), part.size())) > 0) {
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    const int cause = errno;
    ::close(file);
    if (got < 0) {
        refuse_file(path, S_ISDIR(about.st_mode) ? "it is a folder" : std::strerror(cause));
    }
    return text;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    return boost::algorithm::trim_copy_if(text, boost::is_any_of(" \t\r\n"));
}

std::vector<std::string> urls_in_list(std::string_view text, std::string_view source) {
    std::vector<std::string> urls;
    for (;;) {
        const auto comma = end_of_url(text);
        const std::string_view url = trimmed(text.substr(0, comma));
        if (url.empty()) {
            throw usage_error(
                fmt::format("{}: URL {} is empty; leave the comma out", source, urls.size() + 1));
        }
        urls.emplace_back(url);
        if (comma == std::string_view::npos) {
            break;
        }
        text.remove_prefix(comma + 1);
    }
    for (std::size_t i = 0; i < urls.size(); ++i) {
        check_url(urls[i], urls.size() == 1
                               ? std::string{source}
                               : fmt::format("{}, URL {} of {}", source, i + 1, urls.size()));
    }
    return urls;
}

std::vector<std::string> urls_in_file(const std::string& path) {
    std::istringstream file{text_of_file(path)};
    std::vector<std::string> urls;
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        const std::string_view url = trimmed(number == 1 ? without_byte_order_mark(line) : line);
        if (!url.empty() && url.front() != '#') {
            const std::string where = fmt::format("--nodes-file {}:{}", printable(path), number);
            if (url.find_first_of(" \t") < url.find('#') && url.find('#') < url.size()) {
                throw usage_error(where + ": a comment needs a line of its own");
            }
            urls.emplace_back(url);
            check_url(urls.back(), where);
        }
    }
    if (urls.empty()) {
        throw usage_error(fmt::format("--nodes-file: {} names no node", printable(path)));
    }
    return urls;
}

}  // namespace redlock::cli
