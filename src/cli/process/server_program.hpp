// Which program the throwaway servers are.
#pragma once

#include <string>
#include <string_view>

namespace redlock::cli {

/// What was asked for; else the environment's REDLOCK_SERVER; else the first of redis-server and
/// valkey-server that is in PATH, or redis-server if neither is. Main thread only: reads the
/// environment.
[[nodiscard]] std::string server_program(std::string_view asked);

}  // namespace redlock::cli
