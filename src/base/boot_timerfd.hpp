// A timerfd on CLOCK_BOOTTIME, which counts suspend. A header alone, because the `redlock` command
// uses it too, and sees nothing of what is inside a shared library. Any thread.
#pragma once

#include <sys/timerfd.h>

#include <algorithm>
#include <chrono>
#include <redlock/clock.hpp>

namespace redlock::base {

/// -1, with errno, if the process has no descriptor left.
[[nodiscard]] inline int new_boot_timer() noexcept {
    return ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
}

/// Makes it readable at `when`, and not at the time that was set before.
inline void set_boot_timer(int timer, boot_clock::time_point when) noexcept {
    // Zero would disarm it, and what lies before the start of the machine is refused.
    const auto since_boot = std::max(when.time_since_epoch(), boot_clock::duration{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
    ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace redlock::base
