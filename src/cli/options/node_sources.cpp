#include "cli/options/node_sources.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <redlock/endpoint.hpp>
#include <system_error>

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

}  // namespace

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
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
    if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
        throw usage_error(
            fmt::format("--nodes-file: cannot read {}: it is a folder", printable(path)));
    }
    std::ifstream file(path);
    if (!file) {
        throw usage_error(
            fmt::format("--nodes-file: cannot read {}: {}", printable(path), std::strerror(errno)));
    }
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
    if (file.bad() || urls.empty()) {
        throw usage_error(fmt::format("--nodes-file: {} names no node", printable(path)));
    }
    return urls;
}

}  // namespace redlock::cli
