// A timerfd on CLOCK_BOOTTIME. Its handler sits in the wait itself, so that setting anew replaces
// it.
#include "cli/process/boot_timer.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

namespace redlock::cli {

namespace {

int create() {
    const int descriptor = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (descriptor < 0) {
        throw boost::system::system_error(errno, boost::system::system_category(),
                                          "timerfd_create");
    }
    return descriptor;
}

}  // namespace

boot_timer::boot_timer(boost::asio::io_context& loop) : descriptor_(loop, create()) {}

void boot_timer::set(boot_clock::time_point when, std::function<void()> handler) {
    descriptor_.cancel();
    arm_boot_timer(descriptor_.native_handle(), when);
    // Level-triggered and disarmed by setting anew, so the expirations need not be read.
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [run = std::move(handler)](const boost::system::error_code& error) {
                               if (!error) {
                                   run();
                               }
                           });
}

void boot_timer::cancel() {
    descriptor_.cancel();
}

void arm_boot_timer(int descriptor, boot_clock::time_point when) {
    // Zero would disarm it; every real instant is later than a nanosecond after boot.
    const auto since_boot = std::max(when.time_since_epoch(), std::chrono::nanoseconds{1});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
    ::timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &at, nullptr);
}

}  // namespace redlock::cli
