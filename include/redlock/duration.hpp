// Lengths of time as people write them. The one parser for the command line and the configuration
// file, so that both take the same units and refuse the same mistakes. Pure; any thread.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "redlock/export.hpp"

namespace redlock {

/// Why a text is not a duration, in words that continue "... is not a duration: ". Does not repeat
/// the text.
struct duration_error {
    std::string message;
};

/// The longest duration that is accepted: a century. Far from overflow even when added to a clock.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours{24 * 36'500};

/// Reads `10s`, `1.5s`, `200ms`, `250us`, `2m`, `1h` or `3d`. A bare number means seconds, as for
/// flock(1) and timeout(1). Refuses a sign, other units, and anything above `longest_duration`.
[[nodiscard]] REDLOCK_API boost::system::result<std::chrono::nanoseconds, duration_error>
parse_duration(std::string_view text);

/// Called by `value()` of a result with an error: throws std::invalid_argument.
[[noreturn]] REDLOCK_API void throw_exception_from_error(const duration_error& error,
                                                         const boost::source_location& location);

}  // namespace redlock
