// One attempt to prolong a lock that is held, and to plant it again on nodes that have lost it:
// counts votes and decides. A failed round changes nothing: the lock stays valid until its old
// validity ends. Pure; used by one strand at a time.
//
// Rules it keeps: only nodes that still hold our token vote for, and one that is planted again does
// so from the next round on; a node in quarantine counts only if its grant did, since a straggler
// of our own may have put the token there just now; the round counts only if it is won while the
// old validity lasts, so that success means an unbroken hold; new validity counts from the start of
// the round and never ends before the old; the old ends when the lock's does, also when that comes
// nearer meanwhile.
#pragma once

#include <chrono>
#include <string_view>

#include "core/backing.hpp"
#include "core/counted_round.hpp"
#include "core/instant.hpp"
#include "core/node_set.hpp"

namespace redlock::core {

enum class extend_answer {
    extended,
    replanted,     ///< Nobody held it there; now we do again.
    taken,         ///< Somebody else holds it on this node.
    missing,       ///< Nobody holds it there, and it was not planted again.
    not_executed,  ///< An error, and surely nothing was written.
    unknown,       ///< No answer.
};

enum class extend_outcome {
    pending,
    extended,
    gone,           ///< So many nodes do not hold our token that no quorum can.
    expired,        ///< The old validity ended before a quorum answered.
    unavailable,    ///< Too few nodes could be asked; nothing was written on a quorum.
    indeterminate,  ///< Too few answered; some may have extended.
};

[[nodiscard]] std::string_view to_string(extend_outcome outcome) noexcept;

class extend_round : public counted_round<extend_round> {
  public:
    /// `old_valid_until`: the lock's validity when the round begins. A round begun after it is
    /// `expired` from the start. `clock_step`: see validity.hpp.
    extend_round(std::size_t nodes, std::chrono::milliseconds lease_time, instant started,
                 instant old_valid_until,
                 std::chrono::milliseconds clock_step = std::chrono::milliseconds{0});

    /// These nodes are asked to plant it again where it is missing.
    void plant_on(node_set nodes) { planting_ = nodes; }
    /// True when this event made the outcome final. What comes later is still taken note of.
    /// `counts`: the node has a vote, or the very server was seen to hold the lock when it had one.
    /// `stepped`: by how much the node's clock had been set when it answered; see node_clock.hpp.
    bool on_vote(node_index node, extend_answer answer, instant now, bool counts = true,
                 duration stepped = duration{0});
    /// The lock ends earlier than was reckoned when the round began: nodes' clocks were set.
    void on_shortened(instant old_valid_until);
    /// The lock is lost or being released: a node that does not know the script must not run it
    /// now.
    void close() { closed_ = true; }

    [[nodiscard]] extend_outcome outcome() const { return outcome_; }
    /// Whether to ask a node again that did not know the script. Also after the quorum has
    /// extended, so that the other leases do not end earlier. Never after a release or a loss: it
    /// would prolong a lock that stays for a minimum, and where no bar is plant one anew.
    [[nodiscard]] bool may_ask_again() const {
        return !closed_ &&
               (outcome_ == extend_outcome::pending || outcome_ == extend_outcome::extended);
    }
    [[nodiscard]] instant started() const { return started_; }
    /// The new validity when extended, else the old.
    [[nodiscard]] instant valid_until() const { return valid_until_; }
    /// What the new lease rests on, those that answer late included.
    [[nodiscard]] const core::backing& backing() const { return backing_; }
    /// Nodes known to hold our token now, those without weight left out.
    [[nodiscard]] node_set holding() const { return extended_ | replanted_; }
    /// Nodes that may have extended it, or may still.
    [[nodiscard]] node_set doubtful() const { return pending_ | unknown_; }
    /// Nodes that have not answered.
    [[nodiscard]] node_set pending() const { return pending_; }
    /// Nodes that may have planted it without an answer, or may still.
    [[nodiscard]] node_set may_plant() const { return doubtful() & planting_; }
    [[nodiscard]] node_set planting() const { return planting_; }
    /// Nodes where it was planted again.
    [[nodiscard]] node_set replanted() const { return replanted_; }

  private:
    friend class holding;

    [[nodiscard]] bool each_node_is_counted_once() const;
    void record(node_index node, extend_answer answer, bool counts, duration stepped);
    [[nodiscard]] bool decide_now(instant now);
    bool finish(extend_outcome outcome);

    std::size_t nodes_;
    instant started_;
    instant valid_until_;
    core::backing backing_;
    extend_outcome outcome_;
    node_set planting_;
    node_set pending_;
    node_set extended_;
    node_set replanted_;
    node_set without_weight_;
    node_set without_us_;
    node_set unknown_;
    node_set not_executed_;
    bool closed_ = false;
    // The lock's holding has it:
    bool gave_the_lease_ = false;      // which is the present one
    round_ptr<extend_round> earlier_;  // the next in its list
};

}  // namespace redlock::core
