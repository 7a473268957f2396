// When the command of `redlock run` has to end, and who says why. Two processes may end it: redlock
// itself, which has time for a SIGTERM first, and the keeper, which acts when redlock does not.
// The keeper comes a quarter of a slice behind redlock, so that redlock is first wherever it can
// be. Decisions only: no clock, no process, no timer.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <redlock/clock.hpp>

#include "cli/base/exit_status.hpp"

namespace redlock::cli {

/// What to do with the command when the lock is lost while it runs.
enum class on_lost {
    term,  ///< SIGTERM at once, SIGKILL before validity ends.
    kill,  ///< SIGKILL at once.
    warn,  ///< Only say so; the exit status tells it too.
};

/// Why a command is ended before its time.
enum class stop_cause : unsigned {
    loss = 1,
    overrun = 2,  ///< --max-hold
};

/// Which causes have been noticed, by either process. One object in memory that both share; any
/// thread, any process, async-signal-safe.
class stop_claims {
  public:
    /// True for the first process that notices this cause: that one says it.
    bool first(stop_cause cause) noexcept {
        const auto bit = static_cast<unsigned>(cause);
        return (noticed_.fetch_or(bit) & bit) == 0;
    }
    [[nodiscard]] bool has(stop_cause cause) const noexcept {
        return (noticed_.load() & static_cast<unsigned>(cause)) != 0;
    }
    /// For the next command, once nobody else can notice anything of this one.
    void clear() noexcept { noticed_.store(0); }
    /// The exit status of the whole; `own` is the command's.
    [[nodiscard]] int status(int own) const noexcept {
        return has(stop_cause::loss) ? exit_lost : has(stop_cause::overrun) ? exit_max_hold : own;
    }

  private:
    static_assert(std::atomic<unsigned>::is_always_lock_free);
    std::atomic<unsigned> noticed_{0};
};

class stop_plan {
  public:
    using time_point = boot_clock::time_point;

    stop_plan(on_lost reaction, std::chrono::nanoseconds margin)
        : reaction_(reaction), margin_(margin), slice_(margin / 3) {}

    /// The lock is valid until then. To be called at the start and at each extension, at once.
    void extended_until(time_point until) noexcept { until_ = until; }

    /// When redlock gives up hope of a further extension.
    [[nodiscard]] bool is_too_late(time_point now) const noexcept {
        return now >= until_ - margin_;
    }
    /// When it looks whether it is: a little behind the library's own alarm, which then is always
    /// the first to be seen.
    [[nodiscard]] time_point redlock_looks_at() const noexcept {
        constexpr std::chrono::nanoseconds longest = std::chrono::milliseconds{10};
        return until_ - margin_ + std::min(margin_ / 8, longest);
    }
    /// When redlock sends SIGKILL after a loss that it notices now.
    [[nodiscard]] time_point redlock_kills_at(time_point now) const noexcept {
        return reaction_ == on_lost::kill ? now : std::min(now + margin_, until_ - slice_);
    }
    /// When the keeper sends it, if the command still runs. Empty: never.
    [[nodiscard]] std::optional<time_point> keeper_kills_at() const noexcept {
        return reaction_ == on_lost::warn ? std::nullopt : std::optional{until_ - slice_ * 3 / 4};
    }

    /// The same for --max-hold, which ends at `hold_end`.
    [[nodiscard]] time_point redlock_kills_overrun_at(time_point now) const noexcept {
        return now + margin_;
    }
    [[nodiscard]] time_point keeper_kills_overrun_at(time_point hold_end) const noexcept {
        return hold_end + margin_ + slice_ / 4;
    }

  private:
    on_lost reaction_;
    std::chrono::nanoseconds margin_;  ///< The stop margin.
    std::chrono::nanoseconds slice_;   ///< How long before validity ends SIGKILL is sent: on a
                                       ///< busy machine even a killed process takes time to die.
    time_point until_;
};

}  // namespace redlock::cli
