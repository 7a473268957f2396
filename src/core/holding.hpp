// A lock that was won: which nodes have it or may have it, its validity, and the lease that the
// validity rests on. Reads the rounds about the lock, which go on learning from late answers, until
// all nodes have answered: a lock is held far longer than that, and there may be very many. Pure;
// used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - a release goes to each node that has the lock, may have it, or may still get it;
// - a release needs a bar on each node where an extension may still plant the lock;
// - nothing is sent again after the release: a node whose clock is far behind sets no bar;
// - an extension never shortens the validity, which rests on the lease that ends last;
// - a clock that was set shortens the validity; a pending extension must be won before the new end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/acquire_round.hpp"
#include "core/backing.hpp"
#include "core/extend_round.hpp"
#include "core/instant.hpp"
#include "core/node_clock.hpp"
#include "core/node_set.hpp"
#include "core/release_round.hpp"

namespace redlock::core {

class holding {
  public:
    /// No node has it.
    holding() = default;
    /// Won by `round`, which goes on learning of late grants.
    explicit holding(round_ptr<acquire_round> round);
    /// Acquired by another client: the `granted` nodes have it, the `doubtful` did not answer.
    holding(instant started, backing lease, node_set granted, node_set doubtful);

    /// When the round began that gave the present lease.
    [[nodiscard]] instant started() const { return started_; }
    [[nodiscard]] instant valid_until() const { return valid_until_; }
    /// The node whose clock was set, if the validity ends before the lease because of that.
    [[nodiscard]] std::optional<node_index> cut_short_by() const;
    /// Other clients may hold it under the same token.
    [[nodiscard]] bool attached() const { return attached_; }

    /// Nodes that had it when they answered last.
    [[nodiscard]] node_set granted() const;
    /// Nodes that may have it, or may still get it.
    [[nodiscard]] node_set doubtful() const;
    /// The nodes that a release goes to.
    [[nodiscard]] release_targets targets() const;

    /// A round begins that prolongs it, with the present validity as the old one.
    void extend(round_ptr<extend_round> round);
    /// Applies the decided `round` and returns what it means for the lock. A round that was
    /// `expired` is only `unavailable` if another one has prolonged the lock meanwhile.
    [[nodiscard]] extend_outcome on_decided(const extend_round& round,
                                            const std::vector<node_clock>& clocks, instant now);
    /// Applies what is known of the clocks; `node`: whose clock was just found to be set, if any.
    /// True if the validity ends earlier than before. Call it for a new lock as well: a node's
    /// clock may have been found to be set between its grant and the last vote.
    [[nodiscard]] bool on_clocks_set(const std::vector<node_clock>& clocks,
                                     std::optional<node_index> node);

    /// Keeps what the rounds know that all nodes have answered, and drops them.
    void forget_answered();
    /// The lock is lost or being released: no straggler is asked again to grant it, prolong it or
    /// plant it.
    void close_rounds();
    /// Before it passes to the next holder of this process: keeps what the extensions know by now,
    /// and drops them.
    void settle();

  private:
    static constexpr std::uint8_t nobody = node_set::max_nodes;

    /// Those that not all nodes have answered, the latest first.
    template <class Visit>
    void for_each_extension(Visit visit) const {
        for (extend_round* each = extensions_.get(); each != nullptr; each = each->earlier_.get()) {
            visit(*each);
        }
    }

    [[nodiscard]] const core::backing& backing() const;
    [[nodiscard]] node_set planted() const;
    [[nodiscard]] node_set still_asked() const;
    [[nodiscard]] bool is_kept(const extend_round& round) const;
    void keep(const extend_round& last);

    instant started_ = never;
    instant valid_until_ = instant::min();
    round_ptr<acquire_round> won_by_;     // while some node is in doubt
    round_ptr<extend_round> extensions_;  // the latest of those not answered by all nodes
    core::backing lease_;                 // the present one, where no round that is kept gave it
    node_set granted_;
    node_set doubtful_;
    node_set planted_;  // where an earlier extension may have planted it, or may still
    std::uint8_t cut_short_by_ = nobody;
    bool keeps_lease_ = false;
    bool attached_ = true;
};

}  // namespace redlock::core
