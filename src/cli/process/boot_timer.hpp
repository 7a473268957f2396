// A timer on the event loop that counts suspend: after an hour's sleep of the machine it fires at
// once, where Asio's own timers would go on waiting for what was left. Main thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <redlock/clock.hpp>

namespace redlock::cli {

class boot_timer {
  public:
    /// Throws boost::system::system_error if the system has no descriptor left.
    explicit boot_timer(boost::asio::io_context& loop);

    /// Calls `handler` on the loop at `when`, instead of whatever was set before.
    void set(boot_clock::time_point when, std::function<void()> handler);
    void cancel();

  private:
    boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace redlock::cli
