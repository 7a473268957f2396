// When `redlock run --forever` runs its command again, after how long, and what ends it for good.
// Decisions only: no clock, no process, no timer. Any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "cli/base/exit_status.hpp"

namespace redlock::cli {

/// How long to stay away from the lock after each end of the command: it grows while the command
/// ends soon, so that a command that cannot work is not run in a tight loop.
class campaign_pause {
  public:
    static constexpr std::chrono::nanoseconds shortest = std::chrono::seconds{1};
    /// Also for how long a command has to run until its next pause is the shortest again.
    static constexpr std::chrono::nanoseconds longest = std::chrono::minutes{1};

    /// After a command that ran for so long.
    [[nodiscard]] std::chrono::nanoseconds after(std::chrono::nanoseconds ran) noexcept {
        if (ran >= longest) {
            next_ = shortest;
        }
        return std::exchange(next_, std::min(next_ * 2, longest));
    }

  private:
    std::chrono::nanoseconds next_ = shortest;
};

/// What surrounds redlock. Some signals mean different things to a service and on a terminal.
enum class surroundings { terminal, service };

/// Whether a signal to redlock ends the campaign. All others are meant for the command alone, as
/// SIGHUP is that tells a service to read its settings again.
[[nodiscard]] constexpr bool ends_campaign(int signal, surroundings where) noexcept {
    return signal == SIGINT || signal == SIGTERM || signal == SIGQUIT ||
           (signal == SIGHUP && where == surroundings::terminal);
}

/// Whether the command ended by a signal of the terminal, which goes to the command's group and not
/// to redlock, but is meant for both. `status` is as a shell would tell it.
[[nodiscard]] constexpr bool is_ended_from_terminal(int status, surroundings where) noexcept {
    return where == surroundings::terminal &&
           (status == exit_signal_base + SIGINT || status == exit_signal_base + SIGQUIT ||
            status == exit_signal_base + SIGHUP);
}

}  // namespace redlock::cli
