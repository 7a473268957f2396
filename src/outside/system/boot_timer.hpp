// A timer over a timerfd on CLOCK_BOOTTIME: after a suspend it rings at once for what is due, which
// a monotonic one would not. Strand only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "outside/timer.hpp"

namespace redlock::outside {

class boot_timer final : public timer {
  public:
    /// Throws boost::system::system_error if the process has no descriptor left.
    boot_timer(const boost::asio::any_io_executor& strand, owner& told);
    ~boot_timer() override;

    void arm(boot_clock::time_point at) override;
    void disarm() override;
    void keep_alive(std::weak_ptr<void> whom) override;

  private:
    class descriptor;

    std::shared_ptr<descriptor> descriptor_;
};

}  // namespace redlock::outside
