// What a frozen node costs: the same cycles with three healthy nodes and with one of the three
// stopped by SIGSTOP. The stopped server is set going again on every way out.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/library_side.hpp"
#include "bench/slice.hpp"

namespace bench {

/// What 1,000 cycles take, by the median turn.
struct frozen_line {
    std::size_t at_once = 0;
    nanoseconds healthy{0};  ///< Three healthy nodes.
    nanoseconds frozen{0};   ///< The third is frozen.
    nanoseconds alone{0};    ///< The same two nodes in a manager of their own, nothing frozen.

    [[nodiscard]] double to_healthy() const { return ratio(healthy); }
    [[nodiscard]] double to_alone() const { return ratio(alone); }

  private:
    [[nodiscard]] double ratio(nanoseconds other) const {
        return std::chrono::duration<double>(frozen) / other;
    }
};

struct frozen_result {
    static constexpr std::size_t cycles = 1000;
    static constexpr int turns = 12;
    static constexpr double highest_ratio = 1.1;

    std::vector<frozen_line> lines;
    bool awake = false;  ///< The processors were kept from falling asleep.
    std::size_t errors = 0;
    std::string error;

    [[nodiscard]] static bool passed(const frozen_line& line) {
        return line.to_healthy() <= highest_ratio;
    }
    [[nodiscard]] bool passed() const {
        return errors == 0 && std::all_of(lines.begin(), lines.end(),
                                          [](const frozen_line& line) { return passed(line); });
    }
};

/// Uses the first three endpoints, and freezes the third of them time and again. Throws
/// std::runtime_error if there are fewer, or if they do not run on this machine.
[[nodiscard]] frozen_result measure_frozen(const std::vector<redlock::endpoint>& endpoints,
                                           style how);

}  // namespace bench
