// The table's cells: for so many nodes and so many cycles at once, the two floors and the library,
// taken in turn in short slices on the same servers so that noise hits all three alike.
#pragma once

#include <array>
#include <cstddef>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/library_side.hpp"
#include "bench/slice.hpp"

namespace bench {

/// One contender in one cell. Medians over the slices.
struct figures {
    double rate = 0;  ///< Cycles per second.
    nanoseconds latency{0};
    nanoseconds busy{0};  ///< Processor time of the client's thread for one cycle.
    std::size_t errors = 0;
};

struct cell {
    std::size_t nodes = 0;
    std::size_t at_once = 0;
    figures plain;
    figures own;
    figures ours;
    /// Medians of the slices' own ratios, each slice against its neighbours.
    double to_plain = 0;
    double to_own = 0;
    std::string error;  ///< The library's last one.
};

/// Measures one cell on the first `nodes` of `endpoints` for about `seconds` in all.
[[nodiscard]] cell measure(const std::vector<redlock::endpoint>& endpoints, std::size_t nodes,
                           std::size_t at_once, style how, double seconds);

}  // namespace bench
