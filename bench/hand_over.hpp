// How well a lock that many want goes from one to the next: workers in one or several processes,
// all on one resource over three nodes. This process only starts them, asks the servers for their
// statistics and reckons afterwards; while the workers work it sleeps. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/slice.hpp"

namespace bench {

struct hand_over_load {
    std::size_t processes = 1;
    std::size_t workers = 1;  ///< In each process.
    std::chrono::milliseconds hold{0};
    std::chrono::milliseconds pause{0};
    std::size_t permits = 0;  ///< Of a semaphore that the workers want; none: they want a lock.
};

struct hand_over_line {
    hand_over_load load;
    double rate = 0;        ///< Acquisitions a second.
    double busy = 0;        ///< Share of the time during which somebody held the lock, or a permit.
    nanoseconds median{0};  ///< Of the waits that ended, as the next.
    nanoseconds p99{0};
    nanoseconds longest{0};  ///< Of all waits, those that had not ended with what they had lasted.
    /// The most acquisitions of a worker to the fewest; empty if a worker had none.
    std::optional<double> unfairness;
    double commands = 0;  ///< Received by the servers, for each acquisition.
    std::size_t splits = 0;
    /// What must not be: two who think that they hold, at once; a fencing token not above the one
    /// before; operations that failed.
    std::size_t overlaps = 0;
    std::size_t disordered = 0;
    std::size_t errors = 0;
    std::string error;  ///< The last one.

    [[nodiscard]] bool passed() const { return overlaps + disordered + errors == 0; }
};

inline constexpr std::size_t hand_over_nodes = 3;

/// Paced, then hot, each with few and many workers.
[[nodiscard]] const std::array<hand_over_load, 8>& hand_over_loads();

/// Uses the first three of `nodes`, of which there must be so many, for `seconds` and a little
/// more. Throws std::exception if the servers cannot be reached or a process cannot be started.
[[nodiscard]] hand_over_line measure_hand_over(const std::vector<redlock::endpoint>& nodes,
                                               const hand_over_load& load, double seconds);

}  // namespace bench
