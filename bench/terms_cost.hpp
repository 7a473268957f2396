// What the default options cost over attempts-limited ones while nobody else wants the resources,
// in cycles and in the servers' own time, taken in turn on the same servers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/library_side.hpp"
#include "bench/slice.hpp"

namespace bench {

struct terms_line {
    std::size_t nodes = 0;
    std::size_t at_once = 0;
    double usual_rate = 0;  ///< Cycles a second.
    double limited_rate = 0;
    /// Of the slices' own ratios, each slice of the default options over its neighbour.
    double rate_ratio = 0;
    /// Of all the servers for one cycle, by INFO commandstats.
    double usual_server_us = 0;
    double limited_server_us = 0;
    std::size_t errors = 0;
    std::string error;  ///< The last one.

    [[nodiscard]] double server_ratio() const { return usual_server_us / limited_server_us; }
};

/// Uses the first `nodes` of `endpoints` for about `seconds`.
[[nodiscard]] terms_line measure_terms(const std::vector<redlock::endpoint>& endpoints,
                                       std::size_t nodes, std::size_t at_once, style how,
                                       double seconds);

}  // namespace bench
