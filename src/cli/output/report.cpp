#include "cli/output/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/output/explanations.hpp"
#include "cli/output/outcome.hpp"

namespace redlock::cli {

namespace {

class event_printer : public observer {
  public:
    void on_event(const event& what) noexcept override {
        try {
            say({.level = severity_of(what.kind),
                 .event = name_of(what.kind),
                 .text = describe(what),
                 .resource = what.resource,
                 .code = name_of(what.error),
                 .node = what.node_name});
        } catch (
            ...) {  // NOLINT(bugprone-empty-catch): no memory for a log line is no reason to die
        }
    }

  protected:
    static std::string describe(const event& what) {
        std::string line{to_string(what.kind)};
        const auto out = std::back_inserter(line);
        if (!what.resource.empty()) {
            fmt::format_to(out, " {}", printable(what.resource));
        }
        if (!what.node_name.empty()) {
            fmt::format_to(out, ": node {} ({})", what.node, printable(what.node_name));
        }
        if (what.fencing) {
            fmt::format_to(out, ", fencing token {}", what.fencing.value());
        }
        if (what.elapsed.count() > 0) {
            fmt::format_to(out, ", after {}", format_duration(what.elapsed));
        }
        // The message of an operation tells the same at greater length.
        if (what.error && (what.message.empty() || what.error.category() != lock_category())) {
            fmt::format_to(out, ": {}", what.error.message());
        }
        if (!what.message.empty()) {
            fmt::format_to(out, ": {}", printable(what.message));
        }
        return line;
    }
};

class warning_printer final : public event_printer {
  public:
    void on_event(const event& what) noexcept override {
        const bool no_vote_to_be_waited_for =
            what.kind == event_kind::node_without_vote &&
            (what.error == node_errc::several_servers || what.error == node_errc::read_only ||
             what.error == node_errc::configuration_mismatch ||
             what.error == node_errc::different_nodes);
        if (what.kind == event_kind::node_unverified ||
            (no_vote_to_be_waited_for && is_new(what))) {
            event_printer::on_event(what);
        }
    }

  private:
    /// A node is asked again and again.
    bool is_new(const event& what) noexcept {
        try {
            const std::lock_guard hold{guard_};
            return told_.emplace(what.node, what.error.value()).second;
        } catch (...) {
            return false;
        }
    }

    std::mutex guard_;
    std::set<std::pair<node_index, int>> told_;
};

/// `what` in words, and the resource as it is, if it is one.
int say_failure(std::string_view what, std::string_view resource, const error_code& error,
                const diagnostics& details, int contended) {
    note_failure(code_of(error), details.message.empty() ? error.message() : details.message,
                 details);
    const std::string why = printable(details.to_string());
    say({.event = events::failed,
         .text =
             fmt::format("{}: {}{}", what, why.empty() ? error.message() : why, hint_for(error)),
         .resource = resource,
         .code = name_of(error)});
    return status_of(error, contended);
}

}  // namespace

int status_of(const error_code& error, int contended) {
    if (error == errc::contended || error == errc::timed_out) {
        return contended;
    }
    if (error == errc::no_quorum || error == errc::indeterminate) {
        return exit_no_quorum;
    }
    if (error == errc::invalid_argument || error == errc::no_resource ||
        error == errc::too_many_resources || error == errc::resource_twice ||
        error == errc::different_slots) {
        return exit_usage;
    }
    if (error == errc::same_server_twice || error == errc::different_nodes ||
        error == errc::permits_mismatch) {
        return exit_wrong_nodes;
    }
    if (error == errc::lost) {
        return exit_lost;
    }
    return exit_internal;
}

std::string readers_in_words(std::size_t count) {
    return count == 0 ? std::string{"readers"}
                      : fmt::format("{} reader{}", count, count == 1 ? "" : "s");
}

std::string hint_for(const error_code& error) {
    const std::string_view code = code_of(error);
    return is_worth_explaining(code) && ::isatty(STDERR_FILENO) == 1
               ? fmt::format(" (redlock explain {})", code)
               : std::string{};
}

void say_gone(std::string_view resource) {
    constexpr std::string_view why =
        "was already gone: no quorum of nodes holds it with this token";
    note_failure("lost", fmt::format("it {}", why));
    say({.event = events::already_gone,
         .text = fmt::format("{}: {}{}", printable(resource), why, hint_for(errc::lost)),
         .resource = resource,
         .code = to_string(errc::lost)});
}

int say_error(std::string_view what, const error_code& error, const diagnostics& details,
              int contended) {
    return say_failure(what, {}, error, details, contended);
}

int say_resource_error(std::string_view resource, const error_code& error,
                       const diagnostics& details, int contended) {
    return say_failure(printable(resource), resource, error, details, contended);
}

std::string name_of(event_kind kind) {
    std::string name{to_string(kind)};
    std::ranges::replace(name, ' ', '_');
    return name;
}

severity severity_of(event_kind kind) noexcept {
    switch (kind) {
        case event_kind::woken:
        case event_kind::attempt_failed:
            return severity::debug;
        case event_kind::acquired:
        case event_kind::extended:
        case event_kind::released:
        case event_kind::handed_over:
        case event_kind::late_grant_released:
        case event_kind::node_ready:
            return severity::info;
        case event_kind::acquire_failed:
        case event_kind::extend_failed:
        case event_kind::release_failed:
        case event_kind::node_down:
        case event_kind::node_without_vote:
        case event_kind::tracking_refused:
        case event_kind::node_unverified:
            return severity::warning;
        case event_kind::lost:
        case event_kind::node_refused:
            return severity::error;
    }
    return severity::error;
}

std::string_view name_of(const error_code& error) noexcept {
    if (!error) {
        return {};
    }
    return error.category() == lock_category()   ? to_string(static_cast<errc>(error.value()))
           : error.category() == node_category() ? to_string(static_cast<node_errc>(error.value()))
                                                 : std::string_view{};
}

std::shared_ptr<observer> verbose_observer() {
    return std::make_shared<event_printer>();
}

std::shared_ptr<observer> warning_observer() {
    return std::make_shared<warning_printer>();
}

}  // namespace redlock::cli
