// A message for people, and the forms in which it is written: a line, a line for the journal, a
// line in colour, a JSON object. Pure; any thread.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace redlock::cli {

/// How much it matters. The numbers are those of syslog(3) and sd-daemon(3).
enum class severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

[[nodiscard]] std::string_view to_string(severity level) noexcept;

/// What is said. The views need to last for the call only.
struct message {
    severity level = severity::error;
    std::string_view event{};     ///< A word that scripts may compare: see docs/logging.md.
    std::string_view text{};      ///< Printable.
    std::string_view resource{};  ///< Any bytes; empty if it is of none.
    std::string_view code{};      ///< `errc` or `node_errc` by name; empty if there is none.
    std::string_view node{};      ///< The endpoint without secrets, of messages of one node.
};

/// Words behind --log-format.
enum class log_format { text, json };

/// Where and how messages are written.
struct log_style {
    log_format format = log_format::text;
    bool journal = false;  ///< Standard error leads to the journal, which reads "<3>" and the like.
    bool colour = false;
};

/// "2026-12-01T09:27:00.123Z"
using utc_text = std::array<char, 24>;
[[nodiscard]] utc_text utc_time(std::chrono::system_clock::time_point now) noexcept;

/// Whole, with its line feed. Of JSON the members are always the same.
[[nodiscard]] std::string rendered(const message& what, const log_style& style,
                                   std::chrono::system_clock::time_point now);

/// Where the time stands in a rendered line, for one that was made before it is written; npos in
/// lines of text. Allocates nothing, so that a forked process may call it.
[[nodiscard]] std::size_t place_of_time(std::string_view rendered_line) noexcept;

/// Whether the value of JOURNAL_STREAM, "DEVICE:INODE", names this file.
[[nodiscard]] bool names_file(std::string_view journal_stream, unsigned long long device,
                              unsigned long long inode) noexcept;

/// Whether colour is wanted on a terminal: not with a NO_COLOR that is not empty, nor on one that
/// TERM calls dumb.
[[nodiscard]] bool may_colour(std::string_view no_color, std::string_view term) noexcept;

/// The text in the colour of its level: red, yellow or, of what is less than a warning, none.
[[nodiscard]] std::string in_colour(severity level, std::string_view text);

}  // namespace redlock::cli
