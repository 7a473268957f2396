#include "redlock/clock.hpp"

#include <ctime>

namespace redlock {

boot_clock::time_point boot_clock::now() noexcept {
    timespec now{};
    // Cannot fail: the clock exists on every Linux since 2.6.39 and the address is ours.
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return time_point{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

}  // namespace redlock
