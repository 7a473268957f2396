// The clock for every lease. It never jumps with the wall clock and, unlike
// std::chrono::steady_clock on Linux, continues to count while the machine is suspended: a laptop
// that wakes up after an hour must find its ten-second lease expired.
#pragma once

#include <chrono>

#include "redlock/export.hpp"

namespace redlock {

/// Time since boot, suspend included (CLOCK_BOOTTIME). Meets the standard's Clock requirements.
/// Thread-safe; reading it costs one vDSO call.
struct REDLOCK_API boot_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<boot_clock, duration>;
    static constexpr bool is_steady = true;

    [[nodiscard]] static time_point now() noexcept;
};

}  // namespace redlock
