#include "cli/run/run_notices.hpp"

#include <fmt/format.h>

#include <cassert>
#include <csignal>
#include <redlock/error.hpp>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/process/child.hpp"

namespace redlock::cli {

run_notices::run_notices(std::string_view resource,
                         std::optional<std::chrono::nanoseconds> max_hold, teller tell)
    : resource_(resource),
      name_(printable(resource)),
      max_hold_(max_hold),
      tell_(std::move(tell)) {}

keeper_lines run_notices::for_keeper() const {
    // The number and the name of a process come between the two halves. No name is in this line
    // that could hold the mark.
    constexpr std::string_view gap = "#";
    const std::string refusal =
        line_of({.event = events::signal_refused,
                 .text = signal_refusal(SIGKILL, fmt::format("process {}", gap))});
    const auto at = refusal.find(gap);
    const auto line = [this](std::string_view event, std::string_view text,
                             std::string_view code = {}) {
        return line_of({.event = event,
                        .text = fmt::format("{}: {}", name_, text),
                        .resource = resource_,
                        .code = code});
    };
    return {
        .lost = line(events::lock_lost,
                     "the lock is lost: redlock could not renew it in time, and everything that "
                     "the command started is killed",
                     to_string(errc::lost)),
        .overrun = line(events::overrun,
                        fmt::format("{}, and everything that it started is killed", too_long())),
        .orphaned = line(events::redlock_killed,
                         "redlock was killed, and everything that the command started is killed"),
        .refused_before = at < refusal.size() ? refusal.substr(0, at) : std::string{},
        .refused_behind = at < refusal.size() ? refusal.substr(at + gap.size()) : std::string{},
    };
}

void run_notices::share_no_more() noexcept {
    if (const stop_claims* const keepers = std::exchange(shared_, nullptr)) {
        for (const stop_cause each : {stop_cause::loss, stop_cause::overrun}) {
            if (keepers->has(each)) {
                own_.first(each);
            }
        }
    }
}

bool run_notices::is_lost() const noexcept {
    return status(exit_ok) == exit_lost;
}

int run_notices::status(int own) const noexcept {
    const int status = own_.status(own);
    return shared_ != nullptr ? shared_->status(status) : status;
}

void run_notices::lost(std::string_view reason) {
    if (is_first_to_notice(stop_cause::loss)) {
        tell_loss(fmt::format("the lock is lost: {}", reason));
    }
}

void run_notices::lost_before_the_end() {
    if (is_first_to_notice(stop_cause::loss)) {
        tell_loss("the lock was lost before the command ended");
    }
}

void run_notices::gone_before_the_release() {
    if (is_first_to_notice(stop_cause::loss)) {
        tell_loss("the lock was gone before it was released");
    }
}

void run_notices::overrun() {
    if (is_first_to_notice(stop_cause::overrun)) {
        tell({.event = events::overrun, .text = too_long()});
    }
}

void run_notices::keeper_ended() const {
    tell({.event = events::keeper_ended,
          .text = "the keeper process has ended, and the command is ended with it"});
}

void run_notices::background_is_ended() const {
    tell({.level = severity::warning,
          .event = events::background_ended,
          .text = "the command has ended, and what it left running is ended too"});
}

void run_notices::perhaps_not_released(std::string_view why) const {
    tell({.level = severity::warning,
          .event = events::release_unsure,
          .text = fmt::format("not sure that it was released, its lease ends by itself: {}", why)});
}

void run_notices::not_proclaimed(std::string_view why) const {
    tell({.level = severity::warning,
          .event = events::proclaim_unsure,
          .text = fmt::format(
              "not sure that the text is proclaimed, the next renewal does it again: {}", why)});
}

void run_notices::runs_again(int status, std::chrono::nanoseconds ran,
                             std::chrono::nanoseconds pause) const {
    tell({.level = severity::warning,
          .event = events::runs_again,
          .text = fmt::format("the command ended with status {} after {}; campaigning again in {}",
                              status, format_duration(ran), format_duration(pause))});
}

void run_notices::begin_anew() noexcept {
    assert(shared_ == nullptr);
    own_.clear();
}

void run_notices::tell(message what) const {
    const std::string text = fmt::format("{}: {}", name_, what.text);
    what.text = text;
    what.resource = resource_;
    tell_(what);
}

void run_notices::tell_loss(std::string_view text) const {
    tell({.event = events::lock_lost, .text = text, .code = to_string(errc::lost)});
}

bool run_notices::is_first_to_notice(stop_cause cause) noexcept {
    return (shared_ != nullptr ? *shared_ : own_).first(cause);
}

std::string run_notices::too_long() const {
    return fmt::format("the command runs for longer than {}",
                       format_duration(max_hold_.value_or(std::chrono::nanoseconds{0})));
}

}  // namespace redlock::cli
