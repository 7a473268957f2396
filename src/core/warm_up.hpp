// How long the very first acquisition waits for the nodes to be connected. A round that starts with
// the first node would be won before the others are known: the lock would stand on a bare quorum,
// and a server that is listed twice would not be noticed. Yet no slow node may be waited for: once
// a quorum is connected the others get as long again, or `grace` if that is more. Pure; used by one
// strand at a time.
#pragma once

#include <chrono>
#include <cstddef>

#include "core/instant.hpp"
#include "core/node_set.hpp"

namespace redlock::core {

class warm_up {
  public:
    static constexpr duration grace = std::chrono::milliseconds{20};

    /// `longest`: how long it may take in all.
    warm_up(std::size_t nodes, instant started, duration longest);

    /// A node is connected, or could not be.
    void on_connected(node_index node, instant now);
    void on_failed(node_index node, instant now);

    /// When rounds may begin: known in advance, moved by events, only ever to earlier.
    [[nodiscard]] instant over_at() const { return over_at_; }

  private:
    void settle(node_index node, instant now);

    std::size_t nodes_;
    instant started_;
    instant over_at_;
    node_set pending_;
    node_set connected_;
};

}  // namespace redlock::core
