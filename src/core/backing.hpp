// What the validity of a lock rests on: the nodes that gave it one lease, how long that lasts, and
// how far each node's clock had been set by then. Says until when the lease is good after clocks
// were set by more than it allows for. Pure; used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - a lock that a quorum holds by clocks that were not set too far keeps its time;
// - a node that does not hold it helps nobody to keep it;
// - what was set before a node gave the lease does not count, nor what validity allows for.
#pragma once

#include <memory>
#include <vector>

#include "core/instant.hpp"
#include "core/node_clock.hpp"
#include "core/node_set.hpp"

namespace redlock::core {

class backing {
  public:
    backing() = default;
    /// A lease that is good until `valid_until` unless a clock is set forward by more than `step`.
    backing(instant valid_until, duration step) : valid_until_(valid_until), step_(step) {}
    backing(const backing& other);
    backing(backing&&) noexcept = default;
    backing& operator=(backing other) noexcept;
    ~backing() = default;

    /// A node has given the lease; its clock had been set by `stepped` in all.
    void add(node_index node, duration stepped);
    /// Until when it is good as long as no clock is set.
    [[nodiscard]] instant valid_until() const { return valid_until_; }
    /// Until when it is good by what is known of all nodes' clocks now.
    [[nodiscard]] instant valid_until(const std::vector<node_clock>& clocks) const;

  private:
    instant valid_until_ = never;
    duration step_{0};
    node_set nodes_;
    // By node. Null while all are zero, as they nearly always are: no lock pays for it.
    std::unique_ptr<std::vector<duration>> stepped_before_;
};

}  // namespace redlock::core
