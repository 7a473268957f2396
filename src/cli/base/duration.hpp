// How the command shows lengths of time. Pure; any thread.
#pragma once

#include <chrono>
#include <string>

namespace redlock::cli {

/// For people: `250ms`, `8.2s`, `1m05s`, `2h03m`. Rounded down: a lease is never shown longer than
/// it is.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds length);

}  // namespace redlock::cli
