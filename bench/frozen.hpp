// What a frozen node costs: the same cycles with three healthy nodes and with one of the three
// stopped by SIGSTOP. The stopped server is set going again on every way out.
#pragma once

#include <cstddef>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/library_side.hpp"
#include "bench/slice.hpp"

namespace bench {

struct frozen_result {
    static constexpr std::size_t cycles = 1000;
    static constexpr int turns = 12;
    static constexpr double highest_ratio = 1.1;

    nanoseconds healthy{0};  ///< For `cycles`, one at a time, by the median turn.
    nanoseconds frozen{0};
    double ratio = 0;  ///< frozen / healthy.
    std::size_t errors = 0;
    std::string error;

    [[nodiscard]] bool passed() const { return errors == 0 && ratio <= highest_ratio; }
};

/// Uses the first three endpoints, and freezes each of them in turn. Throws std::runtime_error if
/// there are fewer, or if they do not run on this machine.
[[nodiscard]] frozen_result measure_frozen(const std::vector<redlock::endpoint>& endpoints,
                                           style how);

}  // namespace bench
