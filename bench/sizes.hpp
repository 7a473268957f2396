// What the library does as the numbers grow: more nodes, more in flight, more locks held, more
// waiters, more managers, more processes. Runs the series one after the other, shows each line as
// it is ready and judges each series; which series there are is known here alone.
#pragma once

#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/sizes_parts.hpp"

namespace bench {

struct sizes_request {
    size_plan plan;
    std::vector<std::string> series;  ///< By their keys; none: all.
    bool json = false;                ///< Instead of the tables.
    std::string html;                 ///< A file for the page; empty: none.
};

/// The keys of all series, in their order.
[[nodiscard]] const std::vector<std::string>& size_series_keys();

/// True if no line has an error and every bound was kept. Throws std::exception if there are too
/// few servers or the page cannot be written.
[[nodiscard]] bool run_sizes(const std::vector<redlock::endpoint>& nodes,
                             const sizes_request& asked);

}  // namespace bench
