// From the wish for a lock to its end: attempt, wait, attempt again, until it is held or the
// caller's patience, attempts or deadline are over. Pure: it is told of events with the time and,
// where it needs one, a random number; it answers with what to do next. Used by one strand at a
// time.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "core/acquire_round.hpp"
#include "core/instant.hpp"

namespace redlock::core {

enum class wait_end {
    none,  ///< Not over.
    held,
    contended,    ///< Attempts used up while somebody held it.
    timed_out,    ///< Deadline passed while somebody held it.
    unavailable,  ///< No quorum for as long as that is borne.
};

[[nodiscard]] std::string_view to_string(wait_end end) noexcept;

class wait_session {
  public:
    struct settings {
        /// `never` for no deadline.
        instant deadline = never;
        /// Zero: as many as fit.
        std::size_t attempt_limit = 0;
        /// A delay policy of the caller's; both zero: our own.
        duration delay_min{0};
        duration delay_max{0};
        duration quorum_timeout{0};
    };

    /// What to do now. At most one of `start_round` and `wait_until` is meaningful.
    struct step {
        bool start_round = false;
        instant wait_until = never;  ///< Call `on_timer` then.
        wait_end end = wait_end::none;
    };

    explicit wait_session(const settings& with) : with_(with) {}

    [[nodiscard]] step start(instant now);
    /// A round ended. `random` in [0, 1).
    [[nodiscard]] step on_round(const acquire_round& round, instant now, double random);
    /// The time asked for in `wait_until` has come.
    [[nodiscard]] step on_timer(instant now);
    /// The deadline passed while a round was on its way; `outcome` is the round's after its own
    /// `on_deadline`.
    [[nodiscard]] wait_end on_deadline(acquire_outcome outcome) const;

    [[nodiscard]] bool attempts_are_unlimited() const { return with_.attempt_limit == 0; }
    [[nodiscard]] instant deadline() const { return with_.deadline; }
    [[nodiscard]] std::size_t attempts() const { return attempts_; }

  private:
    [[nodiscard]] step retry(const acquire_round& round, instant now, double random);
    [[nodiscard]] duration delay_after(const acquire_round& round, instant now, double random);
    [[nodiscard]] bool out_of_patience(instant now) const;

    settings with_;
    std::size_t attempts_ = 0;  // rounds that count against the limit
    std::size_t outdated_in_a_row_ = 0;
    std::size_t failures_in_a_row_ = 0;
    std::size_t splits_in_a_row_ = 0;
    std::size_t waits_in_a_row_ = 0;
    acquire_outcome last_ = acquire_outcome::pending;
    instant unavailable_since_ = never;
};

}  // namespace redlock::core
