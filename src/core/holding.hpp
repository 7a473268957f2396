// A lock that was won: on which nodes it lies or may lie, until when it is good, and what that
// rests on. Collects what the rounds about it learn, late answers included. Pure; used by one
// strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - a release goes to each node that has the lock, may have it, or may yet get it;
// - a node where an extension may plant it late is never one that a release surely comes behind;
// - an extension never shortens validity, and one that asked for less than was left is not what
//   validity rests on;
// - clocks that were set shorten it, and an extension that is under way must be won before that
// end.
#pragma once

#include <chrono>
#include <memory>
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
    /// A lock that lies nowhere.
    holding() = default;
    /// Won by `round`, which goes on learning of late grants.
    explicit holding(std::shared_ptr<acquire_round> round);
    /// Acquired by another client: the `granted` nodes have it, the `doubtful` did not answer.
    holding(instant started, backing lease, node_set granted, node_set doubtful);

    /// When the round began that gave the present lease.
    [[nodiscard]] instant started() const { return started_; }
    [[nodiscard]] instant valid_until() const { return valid_until_; }
    /// Because of which node's clock it ends earlier than its lease; nothing if it does not.
    [[nodiscard]] std::optional<node_index> cut_short_by() const { return cut_short_by_; }
    /// Other clients may hold it under the same token.
    [[nodiscard]] bool attached() const { return won_by_ == nullptr; }

    /// Nodes that surely have it, by all that was heard.
    [[nodiscard]] node_set granted() const;
    /// Nodes that may have it, or may get it late.
    [[nodiscard]] node_set doubtful() const;
    /// Where a release has to go.
    [[nodiscard]] release_targets targets() const;

    /// A round that prolongs it begins. `clock_step`: see validity.hpp.
    [[nodiscard]] std::shared_ptr<extend_round> extend(std::size_t nodes,
                                                       std::chrono::milliseconds lease_time,
                                                       instant now,
                                                       std::chrono::milliseconds clock_step);
    /// What the decided `round` means for the lock, which takes the new lease. One that ended too
    /// late is merely `unavailable` if another has prolonged the lock meanwhile.
    [[nodiscard]] extend_outcome on_decided(const std::shared_ptr<const extend_round>& round,
                                            const std::vector<node_clock>& clocks, instant now);
    /// Clocks were set, the latest that of `node`, if any. True if the lock ends earlier than was
    /// known. To be asked for a new lock as well: the clock of a node that granted it may have been
    /// found to be set while others had not answered.
    [[nodiscard]] bool on_clocks_set(const std::vector<node_clock>& clocks,
                                     std::optional<node_index> node);

    /// It is given back: no straggler may acquire it any more,
    void close_acquisition();
    /// nor prolong it, if it is kept for a while.
    void close_extensions();
    /// It passes to the next holder in this process, with what is known by now.
    void settle();

  private:
    [[nodiscard]] const core::backing& backing() const;
    [[nodiscard]] node_set planted() const;
    [[nodiscard]] node_set still_asked() const;
    void settle_answered();

    instant started_ = never;
    instant valid_until_ = never;
    std::optional<node_index> cut_short_by_;
    std::shared_ptr<acquire_round> won_by_;                  // null for an attached lock
    std::vector<std::shared_ptr<extend_round>> extensions_;  // not answered by all nodes
    std::shared_ptr<const extend_round> extended_by_;  // the round that gave the present lease
    core::backing attached_lease_;
    node_set granted_;
    node_set doubtful_;
    node_set planted_;  // where earlier extensions may have planted it without our knowing
};

}  // namespace redlock::core
