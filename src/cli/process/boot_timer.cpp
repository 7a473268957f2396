// A timerfd on CLOCK_BOOTTIME. Its handler sits in the wait itself, so that setting anew replaces
// it.
#include "cli/process/boot_timer.hpp"

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

#include "base/boot_timerfd.hpp"

namespace redlock::cli {

namespace {

int create() {
    const int descriptor = base::new_boot_timer();
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
    base::set_boot_timer(descriptor_.native_handle(), when);
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

}  // namespace redlock::cli
