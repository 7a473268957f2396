// The environment that ships: CLOCK_BOOTTIME and a timerfd on it, the system's wall clock and
// source of randomness, and sockets. Any thread.
#pragma once

#include <memory>

#include "outside/environment.hpp"

namespace redlock::outside {

[[nodiscard]] const std::shared_ptr<environment>& the_machine();

}  // namespace redlock::outside
