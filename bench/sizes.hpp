// What the library does as the numbers grow (more nodes, more in flight, more locks held, more
// waiters, more managers, more processes), and what the shapes of locks cost. Runs the series one
// after the other, shows each line as it is ready and judges each series; which series there are is
// known here alone.
#pragma once

#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/sizes_parts.hpp"

namespace bench {

/// Series that are measured together.
enum class series_suite {
    sizes,   ///< As the numbers grow.
    shapes,  ///< What shared locks, permits and the other shapes cost beside plain locks.
};

struct series_request {
    series_suite suite = series_suite::sizes;
    size_plan plan;
    std::vector<std::string> series;  ///< By their keys; none: all.
    bool json = false;                ///< Instead of the tables.
    std::string html;                 ///< A file for the page; empty: none.
};

/// The keys of all series of a suite, in their order.
[[nodiscard]] std::vector<std::string> series_keys(series_suite suite);

/// True if no line has an error and every bound was kept. Throws std::exception if there are too
/// few servers or the page cannot be written.
[[nodiscard]] bool run_series(const std::vector<redlock::endpoint>& nodes,
                              const series_request& asked);

}  // namespace bench
