// Counters of a manager, which only grow: for metrics and benchmarks.
#pragma once

#include <chrono>
#include <cstdint>

namespace redlock {

/// All counted since the manager was made. See `lock_manager::statistics`.
struct manager_statistics {
    std::uint64_t acquired = 0;     ///< Acquisitions that ended with the lock.
    std::uint64_t handed_over = 0;  ///< Of these: handed over by a holder of the same manager.
    std::uint64_t attempts = 0;     ///< Rounds of commands to the nodes to acquire a lock.
    std::uint64_t split_votes = 0;  ///< Of these: no attempt could have a quorum.
    std::uint64_t wake_ups = 0;     ///< Times that a change message made a waiter try again.
    std::uint64_t lost = 0;         ///< Locks lost before they were released.
    /// From the call to the completion, summed up over `acquired`.
    std::chrono::nanoseconds waited{0};
};

}  // namespace redlock
