// Which nodes may vote. A node that was restarted may have forgotten locks that are still valid, so
// it has no vote until the longest of them must be over: its quarantine. Nodes reckon that by their
// own clocks, once for every client (hello.lua); here each client keeps what they told it. Pure;
// used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - a guarded node has no vote before it has told how long its quarantine lasts;
// - what it told holds for that connection only: a restart breaks connections;
// - a round counts a vote only if the round began after the quarantine's end, whatever the commands
//   may have waited for in between.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "core/instant.hpp"
#include "redlock/types.hpp"

namespace redlock::core {

/// How long a node that may have forgotten everything has no vote. `longest_lease`: the longest
/// that any client may ask for; then every lock it may have forgotten is over. `clock_window`:
/// twice that, and every ballot it may have accepted is too old to be accepted again. `clock_step`:
/// by how much its clock may jump meanwhile.
[[nodiscard]] std::chrono::milliseconds quarantine_time(std::chrono::milliseconds longest_lease,
                                                        std::chrono::milliseconds clock_window,
                                                        std::chrono::milliseconds clock_step);

class quarantine {
  public:
    explicit quarantine(std::size_t nodes) : votes_from_(nodes, never) {}

    /// The node is not guarded, or its memory is known to be durable: always has a vote.
    void trust(node_index node) { votes_from_[node] = instant::min(); }
    /// The node has told, at `now`, how much of its quarantine remains; zero: none.
    void on_greeted(node_index node, std::chrono::milliseconds remaining, instant now);
    /// What the node told holds no more.
    void on_gone(node_index node) { votes_from_[node] = never; }

    /// Whether a vote counts in a round that began at `started`.
    [[nodiscard]] bool may_vote(node_index node, instant started) const {
        return started >= votes_from_[node];
    }
    /// Until when it has no vote: `never` if that is not known, in the past if it has one.
    [[nodiscard]] instant votes_from(node_index node) const { return votes_from_[node]; }

  private:
    std::vector<instant> votes_from_;
};

}  // namespace redlock::core
