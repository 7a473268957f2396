#include "cli/base/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "cli/base/escape.hpp"
#include "cli/base/typed_secrets.hpp"

namespace redlock::cli {

namespace {

constexpr std::string_view before_time = R"({"time":")";

void append_member(std::string& line, std::string_view name, std::string_view value) {
    line += fmt::format(",\"{}\":", name);
    line += value.empty() ? "null" : json_quoted(value);
}

std::string json_line_of(const message& what, std::chrono::system_clock::time_point now) {
    const utc_text time = utc_time(now);
    std::string line{before_time};
    line.append(time.data(), time.size());
    line += '"';
    append_member(line, "level", to_string(what.level));
    append_member(line, "event", what.event);
    append_member(line, "resource", without_typed_urls(what.resource));
    append_member(line, "node", what.node);
    append_member(line, "message", without_typed_urls(what.text));
    append_member(line, "code", what.code);
    return line + "}";
}

/// At least `width` digits, from the right.
void write_digits(utc_text& into, std::size_t at, std::size_t width, long long value) noexcept {
    for (std::size_t each = width; each != 0; --each) {
        into[at + each - 1] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

}  // namespace

std::string_view to_string(severity level) noexcept {
    switch (level) {
        case severity::error:
            return "error";
        case severity::warning:
            return "warning";
        case severity::notice:
            return "notice";
        case severity::info:
            return "info";
        case severity::debug:
            return "debug";
    }
    return "unknown";
}

utc_text utc_time(std::chrono::system_clock::time_point now) noexcept {
    namespace time = std::chrono;
    const auto whole = time::floor<time::milliseconds>(now);
    const auto day = time::floor<time::days>(whole);
    const time::year_month_day date{day};
    const time::hh_mm_ss clock{whole - day};
    utc_text text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                  '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
    write_digits(text, 0, 4, static_cast<int>(date.year()));
    write_digits(text, 5, 2, static_cast<unsigned>(date.month()));
    write_digits(text, 8, 2, static_cast<unsigned>(date.day()));
    write_digits(text, 11, 2, clock.hours().count());
    write_digits(text, 14, 2, clock.minutes().count());
    write_digits(text, 17, 2, clock.seconds().count());
    write_digits(text, 20, 3, clock.subseconds().count());
    return text;
}

std::string rendered(const message& what, const log_style& style,
                     std::chrono::system_clock::time_point now) {
    std::string line;
    if (style.journal) {
        line = fmt::format("<{}>", static_cast<int>(what.level));
    }
    if (style.format == log_format::json) {
        return line + json_line_of(what, now) + "\n";
    }
    const std::string text = fmt::format("redlock: {}", without_typed_urls(what.text));
    return line + (style.colour ? in_colour(what.level, text) : text) + "\n";
}

std::size_t place_of_time(std::string_view rendered_line) noexcept {
    constexpr std::size_t behind_level = 3;
    const std::size_t at = rendered_line.starts_with('<') ? behind_level : 0;
    return rendered_line.substr(std::min(at, rendered_line.size())).starts_with(before_time)
               ? at + before_time.size()
               : std::string_view::npos;
}

bool names_file(std::string_view journal_stream, unsigned long long device,
                unsigned long long inode) noexcept {
    const char* const end = journal_stream.data() + journal_stream.size();
    unsigned long long number = 0;
    const auto first = std::from_chars(journal_stream.data(), end, number);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':' || number != device) {
        return false;
    }
    const auto second = std::from_chars(std::next(first.ptr), end, number);
    return second.ec == std::errc{} && second.ptr == end && number == inode;
}

bool may_colour(std::string_view no_color, std::string_view term) noexcept {
    return no_color.empty() && term != "dumb";
}

std::string in_colour(severity level, std::string_view text) {
    constexpr std::string_view red = "\x1b[31m";
    constexpr std::string_view yellow = "\x1b[33m";
    constexpr std::string_view off = "\x1b[m";
    if (level > severity::warning) {
        return std::string{text};
    }
    return fmt::format("{}{}{}", level == severity::error ? red : yellow, text, off);
}

}  // namespace redlock::cli
