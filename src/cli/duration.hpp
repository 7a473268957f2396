// How the command reads and writes lengths of time. The only parser for them, so that every option
// takes the same units and refuses the same mistakes. Pure; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <string>
#include <string_view>

namespace redlock::cli {

/// Why a text is not a duration, in words for the user.
struct duration_error {
    std::string message;
};

/// The longest duration that is accepted: a century. Far from overflow even when added to a clock.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours{24 * 36'500};

/// Reads `10s`, `1.5s`, `200ms`, `250us`, `2m`, `1h` or `3d`. A bare number means seconds, as for
/// flock(1) and timeout(1). Refuses a sign, other units, and anything above `longest_duration`.
[[nodiscard]] boost::system::result<std::chrono::nanoseconds, duration_error> parse_duration(
    std::string_view text);

/// For people: `250ms`, `8.2s`, `1m05s`, `2h03m`. Rounded down: a lease is never shown longer than
/// it is.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds length);

/// Needed by `result::value()`; throws std::invalid_argument.
[[noreturn]] void throw_exception_from_error(const duration_error& error,
                                             const boost::source_location& location);

}  // namespace redlock::cli
