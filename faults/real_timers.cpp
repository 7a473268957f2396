// libfaketime takes every absolute timer for one of the wall clock, so that a timer of the boot
// clock never rings, or always. A fault of the tool and not one to try: this program therefore sets
// its timers itself, and turns what a faked clock says into the time that really passes. Any
// thread.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

std::int64_t nanoseconds_of(const timespec& span) {
    return std::int64_t{span.tv_sec} * 1'000'000'000 + span.tv_nsec;
}

// What the environment says, since the C library's callers know nothing of our options.
double rate_of_the_clocks() {
    static const double rate = [] {
        const char* text = std::getenv("REDLOCK_FAULTS_CLOCK_RATE");
        return text == nullptr ? 1.0 : std::strtod(text, nullptr);
    }();
    return rate;
}

}  // namespace

// Found before the preloaded one, because it lies in the program itself. Used with absolute timers
// of the boot clock (the library's) and relative ones (Asio's).
extern "C" int timerfd_settime(int timer, int flags, const itimerspec* wanted,
                               itimerspec* before) noexcept {
    itimerspec real = *wanted;
    std::int64_t left = nanoseconds_of(wanted->it_value);
    if (left != 0) {
        if ((flags & TFD_TIMER_ABSTIME) != 0) {
            timespec now{};
            ::clock_gettime(CLOCK_BOOTTIME, &now);
            left -= nanoseconds_of(now);
        }
        left = std::max<std::int64_t>(
            static_cast<std::int64_t>(static_cast<double>(left) / rate_of_the_clocks()), 1);
        real.it_value.tv_sec = left / 1'000'000'000;
        real.it_value.tv_nsec = left % 1'000'000'000;
    }
    return static_cast<int>(::syscall(SYS_timerfd_settime, timer, 0, &real, before));
}
