#include "cli/run/wait_report.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/commands/refusal.hpp"

namespace redlock::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_look_after = 1s;
constexpr std::chrono::nanoseconds between_lines = 1s;
constexpr std::chrono::nanoseconds between_log_lines = 10s;
constexpr std::chrono::nanoseconds outage_is_news_after = 5s;

std::size_t terminal_columns() {
    struct winsize size {};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

std::string waited(const wait_view& seen) {
    return fmt::format("waited for {}", format_duration(seen.waited));
}

std::string waiting_for(const wait_view& seen) {
    return seen.permits ? fmt::format("waiting for one of {} permit{}", *seen.permits,
                                      *seen.permits == 1 ? "" : "s")
                        : "waiting for the lock";
}

/// What a line has room for: each leaves out what the one before it still says.
enum class detail { all, without_place, holder_only };

std::string described(std::string_view name, std::string_view who, const wait_view& seen,
                      detail how = detail::all) {
    std::string text = fmt::format("{}: ", name);
    text += !seen.holder                 ? waiting_for(seen)
            : how == detail::holder_only ? held_by(*seen.holder, who)
                                         : describe(*seen.holder, who);
    if (seen.ahead && how == detail::all) {
        text += *seen.ahead == 0 ? "; first in line"
                                 : fmt::format("; {} before us in line", *seen.ahead);
    }
    return text + "; " + waited(seen);
}

/// By so many columns, as far as its beginning stays.
std::string shortened(std::string_view text, std::size_t by) {
    constexpr std::size_t beginning = 8;
    constexpr std::string_view sign = "...";
    const std::size_t wide = display_width(text);
    const std::size_t wanted = wide > by + sign.size() ? wide - by - sign.size() : 0;
    const std::size_t kept = std::max(wanted, beginning);
    return kept + sign.size() < wide ? fitting(text, kept).append(sign) : std::string{text};
}

}  // namespace

wait_report how_to_report(bool wanted, bool verbose, bool terminal) {
    if (!wanted) {
        return wait_report::none;
    }
    // Between the events of --verbose a line could not be drawn over itself.
    return verbose ? wait_report::log : terminal ? wait_report::line : wait_report::none;
}

bool tells_of_outages(std::chrono::milliseconds quorum_timeout) {
    return quorum_timeout >= 2 * outage_is_news_after;
}

std::string describe(std::string_view resource, const wait_view& seen) {
    return described(printable(resource), seen.holder ? who_is(*seen.holder) : "", seen);
}

// Nobody waits in front of a terminal for the name that he typed himself: it is cut first. On a
// narrow one the time matters most, since it shows that something still waits.
std::string describe_within(std::size_t columns, std::string_view resource, const wait_view& seen) {
    const auto excess = [columns](std::string_view line) {
        const std::size_t wide = display_width(line);
        return wide > columns ? wide - columns : 0;
    };
    for (const detail how : {detail::all, detail::without_place, detail::holder_only}) {
        std::string name = printable(resource);
        std::string who = seen.holder ? who_is(*seen.holder) : "";
        for (std::string* const part : {&name, &who}) {
            *part = shortened(*part, excess(described(name, who, seen, how)));
        }
        std::string text = described(name, who, seen, how);
        if (excess(text) == 0) {
            return text;
        }
    }
    const std::string brief = ": " + waited(seen);
    const std::string name = printable(resource);
    const std::string text = shortened(name, excess(name + brief)) + brief;
    return excess(text) == 0 ? text : fitting(waited(seen), columns);
}

wait_reporter::wait_reporter(boost::asio::io_context& loop, lock_manager& locks, awaited_lock what,
                             wait_report how, std::chrono::milliseconds quorum_timeout)
    : timer_(loop),
      locks_(locks),
      what_(std::move(what)),
      how_(how),
      outages_are_told_(tells_of_outages(quorum_timeout)),
      since_(boot_clock::now()) {}

void wait_reporter::start() {
    since_ = boot_clock::now();
    if (how_ != wait_report::none) {
        wait_for_next_look(first_look_after);
    }
}

void wait_reporter::on_event(const event& what) noexcept {
    if (over_ || what.kind != event_kind::attempt_failed) {
        return;
    }
    ahead_ = what.ahead;
    const auto now = boot_clock::now();
    if (what.error != errc::no_quorum) {
        look_at_outage_from_.reset();
        told_causes_.clear();
    } else if (!look_at_outage_from_) {
        look_at_outage_from_ = now + outage_is_news_after;
    } else if (outages_are_told_ && what.details != nullptr && now >= *look_at_outage_from_) {
        look_at_outage_from_ = now + between_log_lines;
        tell_of_outage(*what.details);
    }
}

/// Of a standby that waits for its servers as well, nobody would know why it does nothing. Said
/// anew when the causes are others.
void wait_reporter::tell_of_outage(const diagnostics& why) {
    std::vector<std::pair<node_index, error_code>> causes;
    causes.reserve(why.nodes.size());
    for (const node_failure& each : why.nodes) {
        causes.emplace_back(each.node, each.cause);
    }
    if (causes != told_causes_) {
        told_causes_ = std::move(causes);
        say({.level = severity::warning,
             .event = events::outage,
             .text = fmt::format("{}: {}; still trying", printable(what_.title),
                                 printable(why.to_string())),
             .resource = what_.title,
             .code = to_string(errc::no_quorum)});
    }
}

void wait_reporter::stop() {
    over_ = true;
    timer_.cancel();
    if (how_ == wait_report::line) {
        draw("");
    }
}

void wait_reporter::wait_for_next_look(std::chrono::nanoseconds span) {
    timer_.expires_after(span);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
        if (const auto self = weak.lock(); self && !error && !self->over_) {
            self->look();
        }
    });
}

void wait_reporter::look() {
    if (what_.permits) {
        show(std::nullopt);
        wait_for_next_line();
    } else {
        look_at(0);
    }
}

void wait_reporter::look_at(std::size_t which) {
    locks_.async_status(
        what_.names[which],
        [which, weak = weak_from_this()](const error_code& error, const resource_status& status) {
            const auto self = weak.lock();
            if (!self || self->over_) {
                return;
            }
            auto holder = error ? std::nullopt : status.held_by();
            if (!holder && which + 1 < self->what_.names.size()) {
                self->look_at(which + 1);
                return;
            }
            if (holder && self->what_.names.size() > 1) {
                holder->resource = status.resource;
            }
            if (!error) {
                self->show(std::move(holder));
            }
            self->wait_for_next_line();
        });
}

void wait_reporter::wait_for_next_line() {
    wait_for_next_look(how_ == wait_report::line ? between_lines : between_log_lines);
}

void wait_reporter::show(std::optional<lock_holder> holder) {
    const wait_view seen{.holder = std::move(holder),
                         .ahead = ahead_,
                         .waited = boot_clock::now() - since_,
                         .permits = what_.permits};
    if (how_ == wait_report::log) {
        say({.level = severity::notice,
             .event = events::waiting,
             .text = describe(what_.title, seen),
             .resource = what_.title});
        return;
    }
    // One column is left free: a full line would wrap, and no wipe would reach its beginning.
    constexpr std::string_view begun = "redlock: ";
    const std::size_t columns = std::max(terminal_columns(), begun.size() + 1) - begun.size() - 1;
    draw(std::string{begun} + describe_within(columns, what_.title, seen));
}

}  // namespace redlock::cli
