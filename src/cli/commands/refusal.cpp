#include "cli/commands/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {

std::string who_is(const lock_holder& holder) {
    if (holder.mode == lock_mode::shared) {
        return readers_in_words(holder.readers) +
               (holder.label.empty() ? "" : fmt::format(" ({})", printable(holder.label)));
    }
    return printable(holder.label.empty() ? holder.token.str() : holder.label);
}

std::string held_by(const lock_holder& holder, std::string_view who) {
    return holder.resource.str().empty()
               ? fmt::format("held by {}", who)
               : fmt::format("{} is held by {}", printable(holder.resource.str()), who);
}

std::string describe(const lock_holder& holder, std::string_view who) {
    return held_by(holder, who) +
           (holder.remaining ? fmt::format(", {} left", format_duration(*holder.remaining))
                             : ", with no expiry");
}

namespace {

bool is_contention(const error_code& error) {
    return error == errc::contended || error == errc::timed_out;
}

std::string why_refused(std::string_view resource, const error_code& error,
                        const diagnostics& details, std::string_view stuck) {
    const std::string more = stuck.empty() ? "" : fmt::format("; {}", stuck);
    if (is_contention(error) && details.holder) {
        const bool still = error == errc::timed_out && details.holder->resource.str().empty();
        return fmt::format("{}: {}{}{}", printable(resource), still ? "still " : "",
                           describe(*details.holder, who_is(*details.holder)), more);
    }
    const std::string why = printable(details.to_string());
    return fmt::format("{}: {}{}", printable(resource), why.empty() ? error.message() : why, more);
}

/// The next run would not get it either: a key without end, or one that is no lock.
bool stays_so(const diagnostics& details) {
    return (details.holder && !details.holder->remaining) ||
           std::ranges::any_of(details.nodes, [](const node_failure& each) {
               return each.cause == node_errc::wrong_type;
           });
}

}  // namespace

std::string refusal_line(std::string_view resource, const error_code& error,
                         const diagnostics& details, const wait_options& asked,
                         std::string_view stuck) {
    const bool goes_away = stuck.empty() && !stays_so(details);
    return is_contention(error) && asked.contention_is_usual() && goes_away
               ? std::string{}
               : why_refused(resource, error, details, stuck);
}

int say_refusal(std::string_view resource, const error_code& error, const diagnostics& details,
                const wait_options& asked, std::string_view stuck) {
    const std::string line = refusal_line(resource, error, details, asked, stuck);
    if (!line.empty()) {
        say({.level = is_contention(error) ? severity::notice : severity::error,
             .event = events::not_acquired,
             .text = line + hint_for(error),
             .resource = resource,
             .code = name_of(error)});
    }
    // An object is an answer to who asked, and no mail.
    note_failure(code_of(error), why_refused(resource, error, details, stuck), details);
    return status_of(error, asked.conflict_status);
}

}  // namespace redlock::cli
