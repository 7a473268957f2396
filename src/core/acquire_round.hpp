// One attempt to win a lock: counts the nodes' votes and decides, as soon as the rest cannot change
// it, whether the lock is held, and what must be taken back if not. Pure: no I/O, no clock, no
// randomness. Used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - held only when a quorum granted and validity, counted from the start, is not over;
// - an attempt that is lost or cancelled releases every node that granted or may have granted, and
//   says of which it does not surely know;
// - what was surely not executed is not released: there is nothing there;
// - a node that may have forgotten locks has no vote, and what it granted is given back at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/backing.hpp"
#include "core/counted_round.hpp"
#include "core/instant.hpp"
#include "core/node_set.hpp"

namespace redlock::core {

enum class acquire_answer {
    granted,
    busy,           ///< Somebody holds the lock on this node, or is to have it before us.
    stale,          ///< The fence is not below the ballot.
    out_of_window,  ///< Ballot and node's clock are too far apart.
    fence_ahead,    ///< The fence is so far ahead that no ballot above it would be accepted.
    quarantined,    ///< Not asked: the node may have forgotten locks.
    not_executed,   ///< An error, and surely nothing was written.
    unknown,        ///< No answer; it may have been, or may yet be, executed.
};

struct acquire_vote {
    acquire_answer answer = acquire_answer::unknown;
    /// Whether the node has a vote in this round; see quarantine.hpp.
    bool counts = true;
    /// granted: by how much the node's clock had been set by then; see node_clock.hpp.
    duration stepped{0};
    /// busy: what is left of the holder's lease on this node; empty if it never ends.
    std::optional<duration> holder_remaining{};
    /// busy: tells holders apart; equal for equal tokens. `nobody_yet`: free, but kept for those
    /// who came before us, for so long.
    std::uint64_t holder = 0;
    static constexpr std::uint64_t nobody_yet = ~std::uint64_t{0};
    /// Of all readers, who share the lock.
    static constexpr std::uint64_t readers = nobody_yet - 1;
    /// busy: how many stand in the node's line before us.
    std::size_t ahead = 0;
    /// granted, stale: the node's clock in microseconds since the epoch; 0 if it did not tell.
    std::int64_t node_time_us = 0;
    /// granted: how many are left in the node's line, as far as it was asked.
    std::size_t waiting = 0;
    /// stale, fence_ahead: the fence.
    std::uint64_t fence = 0;
    /// fence_ahead: when it expires; empty if never.
    std::optional<duration> fence_left{};
    /// out_of_window: how far the node's clock is ahead of the client's wall clock.
    std::int64_t offset_us = 0;
};

enum class acquire_outcome {
    pending,
    held,
    contended,    ///< One other holder has, or may have, a quorum.
    split,        ///< Nobody can have a quorum: several attempts took nodes from each other.
    stale,        ///< A higher ballot is needed; try again at once.
    unavailable,  ///< Too few nodes could be asked or answered.
    too_late,     ///< A quorum granted, but the votes took as long as the lease.
    cancelled,
};

[[nodiscard]] std::string_view to_string(acquire_outcome outcome) noexcept;

/// What the outside must do now. Sets of nodes; empty means nothing.
struct acquire_effects {
    node_set release;  ///< Granted for sure: a plain compare-and-delete.
    node_set
        release_doubtful;   ///< May have granted, or may do so later: release_targets::doubtful.
    bool finished = false;  ///< The outcome is final since this very event.
};

class acquire_round : public counted_round<acquire_round> {
  public:
    /// `started`: taken before the first command was encoded. Every node counts as asked.
    /// `clock_step`: see validity.hpp.
    acquire_round(std::size_t nodes, std::chrono::milliseconds lease_time, instant started,
                  std::chrono::milliseconds clock_step = std::chrono::milliseconds{0});

    /// A node's answer. A second one, after `unknown`, is the late reply of the same command.
    acquire_effects on_vote(node_index node, const acquire_vote& vote, instant now);
    /// The caller's deadline passed: whoever has not answered does not count any more.
    acquire_effects on_deadline();
    /// The caller lost interest, before or after the lock was held and not yet handed out.
    acquire_effects cancel();
    /// The lock is lost or being released: a node that does not know the script must not run it
    /// now.
    void close() { closed_ = true; }

    [[nodiscard]] acquire_outcome outcome() const { return outcome_; }
    /// Whether to ask a node again that did not know the script.
    [[nodiscard]] bool may_ask_again() const {
        return outcome_ == acquire_outcome::pending ||
               (outcome_ == acquire_outcome::held && !closed_);
    }
    [[nodiscard]] std::size_t nodes() const { return nodes_; }
    [[nodiscard]] instant started() const { return started_; }
    /// Meaningful when held.
    [[nodiscard]] instant valid_until() const { return backing_.valid_until(); }
    /// What that rests on, late grants included.
    [[nodiscard]] const core::backing& backing() const { return backing_; }
    /// Nodes that surely hold our lock, late grants included.
    [[nodiscard]] node_set granted() const { return granted_; }
    /// Nodes that have not answered and still may count.
    [[nodiscard]] node_set pending() const { return pending_; }
    /// Nodes that may hold our lock without our knowing.
    [[nodiscard]] node_set doubtful() const { return pending_ | unknown_; }
    [[nodiscard]] std::uint64_t largest_fence() const { return largest_fence_; }
    /// Reported clock offsets, for `believed_offset`: only if the ballot is what stood in the way
    /// of a quorum. One node with a wild clock must not move the ballots that suit all others.
    [[nodiscard]] std::vector<std::int64_t> offsets_us() const;
    /// Whether the nodes' clocks are what stood in the way of a quorum: no ballot that led here,
    /// our own or a fence, is one to go by.
    [[nodiscard]] bool refused_by_clocks() const;
    /// Nodes whose fence no ballot can be above.
    [[nodiscard]] node_set fence_ahead() const { return fence_ahead_; }
    /// Nodes that have no vote in this round.
    [[nodiscard]] node_set quarantined() const { return quarantined_; }
    /// Nodes on which somebody else holds the lock.
    [[nodiscard]] node_set busy() const { return busy_; }
    /// Whether some node has it free, and keeps it for those who came before us.
    [[nodiscard]] bool is_kept_for_others() const { return reports(acquire_vote::nobody_yet); }
    [[nodiscard]] bool is_held_by_readers() const { return reports(acquire_vote::readers); }
    /// How many stand in line before us: what half of the busy nodes say, or less.
    [[nodiscard]] std::size_t ahead() const;
    /// When, by the leases that were reported, a quorum may be free; `never` if that cannot be
    /// told. What the `changed` nodes reported is not so any more: they may be free now.
    [[nodiscard]] instant quorum_free_at(node_set changed = {}) const;

  private:
    struct holder_lease {
        node_index node = 0;
        std::uint64_t holder = 0;
        instant ends{};
        std::size_t ahead = 0;
    };

    [[nodiscard]] acquire_effects on_vote_without_weight(node_index node, acquire_answer answer,
                                                         instant now);
    [[nodiscard]] bool each_node_is_counted_once() const;
    void record(node_index node, const acquire_vote& vote, instant now);
    acquire_effects decide_now(instant now);
    acquire_effects give_up(acquire_outcome outcome);
    [[nodiscard]] acquire_outcome why_lost() const;
    [[nodiscard]] std::size_t largest_holding() const;
    /// Whether some node names this holder.
    [[nodiscard]] bool reports(std::uint64_t holder) const;

    std::size_t nodes_;
    instant started_;
    core::backing backing_;
    acquire_outcome outcome_ = acquire_outcome::pending;
    node_set pending_;
    node_set granted_;
    node_set unknown_;
    node_set outdated_;  // stale or out of window
    node_set fence_ahead_;
    node_set not_executed_;
    node_set quarantined_;
    node_set busy_;
    std::vector<holder_lease> holders_;
    std::vector<std::int64_t> offsets_us_;
    std::uint64_t largest_fence_ = 0;
    bool closed_ = false;
};

}  // namespace redlock::core
