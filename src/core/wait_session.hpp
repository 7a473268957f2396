// From the wish for a lock to its end: attempt, wait, attempt again, until it is held or the
// caller's patience, attempts or deadline are over. Pure: it is told of events with the time and,
// where it needs one, a random number; it answers with what to do next. Used by one strand at a
// time.
//
// While somebody else holds the lock it waits for whichever comes first: so many nodes told of a
// change that a quorum may be free; the instant at which, by the leases they reported, a quorum
// runs out; and a fallback, in case a change was never told. Nothing is missed between an attempt
// and the wait: what a node tells after an attempt began counts, even before that node's vote.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "core/acquire_round.hpp"
#include "core/instant.hpp"
#include "core/node_set.hpp"

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

    explicit wait_session(const settings& wanted) : settings_(wanted) {}

    [[nodiscard]] step start();
    /// A round begins: what is told from now on is news.
    void on_round_started() {
        changed_ = {};
        look_at_ = never;
    }
    /// A round ended. `random` in [0, 1). `tracking`: the nodes that tell of changes of what the
    /// round has read there. `elsewhere`: another that would do may be free.
    [[nodiscard]] step on_round(const acquire_round& round, instant now, double random,
                                node_set tracking = {}, bool elsewhere = false);
    /// The first round, which stood in no line and asked for no news, found the lock taken: what it
    /// saw is remembered, and the next begins at once.
    [[nodiscard]] step on_found_taken(acquire_outcome outcome, instant now);
    /// A node tells that the lock has changed there. While waiting, `round` is the last one, and
    /// the answer may move `wait_until` forward (`never`: it stays); while a round is on its way,
    /// it is null. A waiter behind others in line leaves them a moment to come first. `elsewhere`:
    /// another that would do may be free, by this change and earlier ones.
    [[nodiscard]] step on_changed(node_index node, const acquire_round* round, instant now,
                                  node_set tracking, bool elsewhere = false);
    /// The time asked for in `wait_until` has come.
    [[nodiscard]] step on_timer(instant now);
    /// The deadline passed while a round was on its way; `outcome` is the round's after its own
    /// `on_deadline`.
    [[nodiscard]] wait_end on_deadline(acquire_outcome outcome) const;

    /// Whether news of changes are of use: not if the caller has set the delays.
    [[nodiscard]] bool wants_news() const { return settings_.delay_max <= duration{0}; }
    [[nodiscard]] bool attempts_are_unlimited() const { return settings_.attempt_limit == 0; }
    [[nodiscard]] instant deadline() const { return settings_.deadline; }
    [[nodiscard]] std::size_t attempts() const { return attempts_; }

  private:
    [[nodiscard]] duration delay_after(const acquire_round& round, instant now, double random,
                                       node_set tracking, bool elsewhere);
    [[nodiscard]] duration while_held(const acquire_round& round, instant now, double random,
                                      node_set tracking, bool elsewhere);
    [[nodiscard]] bool quorum_may_be_free(const acquire_round& round, node_set tracking) const;
    [[nodiscard]] bool out_of_patience(instant now) const;

    settings settings_;
    std::size_t attempts_ = 0;  // rounds that count against the limit
    std::size_t outdated_in_a_row_ = 0;
    std::size_t failures_in_a_row_ = 0;
    std::size_t splits_in_a_row_ = 0;
    std::size_t waits_in_a_row_ = 0;
    acquire_outcome last_ = acquire_outcome::pending;
    instant unavailable_since_ = never;
    instant look_at_ = never;  // when it will, as far as it waits
    node_set changed_;         // since the last round began
};

}  // namespace redlock::core
