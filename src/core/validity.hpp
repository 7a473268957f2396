// How long a lease may be relied on. Every rounding here goes against us: a lock that ends a
// millisecond early costs nothing, one that ends late is a lie.
#pragma once

#include <chrono>

#include "core/instant.hpp"

namespace redlock::core {

/// What clocks may drift apart over one lease, 1 % of it and 2 ms more: the allowance of the
/// Redlock page in the Redis documentation, where the 2 ms stand for the servers' expiry precision.
[[nodiscard]] duration drift_of(std::chrono::milliseconds lease_time);

/// By how much nodes' clocks may be set forward during one lease: `clock_step`, and a tenth of the
/// lease at most, so that a short lease stays of use.
[[nodiscard]] duration step_of(std::chrono::milliseconds lease_time,
                               std::chrono::milliseconds clock_step);

/// How much earlier than its lease a lock ends: drift and step. Every reckoning of validity takes
/// off this much.
[[nodiscard]] duration allowance_of(std::chrono::milliseconds lease_time,
                                    std::chrono::milliseconds clock_step);

/// Until when a lease is surely in force that a round begun at `started` wrote on the nodes. May
/// lie before the moment of asking: then nothing is held.
[[nodiscard]] instant valid_until(instant started, std::chrono::milliseconds lease_time,
                                  std::chrono::milliseconds clock_step);

}  // namespace redlock::core
