// Time as the core sees it: values that are handed in with every event. Nothing here reads a clock,
// so that a test or a simulation can be anywhere in time.
#pragma once

#include "redlock/clock.hpp"

namespace redlock::core {

using instant = boot_clock::time_point;
using duration = boot_clock::duration;

/// Later than every instant that is ever compared with it.
inline constexpr instant never = instant::max();

/// `from + by` without overflow: what would lie beyond the end of time is `never`.
[[nodiscard]] constexpr instant saturating_add(instant from, duration by) {
    return by > never - from ? never : from + by;
}

}  // namespace redlock::core
