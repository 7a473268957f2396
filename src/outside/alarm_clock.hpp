// What time it is, and all alarms of a manager behind one timer: setting and cancelling an alarm in
// the steady state touches only a queue in memory. Also where whatever needs time finds the strand
// and the rest of its environment. Must never wait for anything but time. Strand only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "outside/alarm_queue.hpp"
#include "outside/environment.hpp"

namespace redlock::outside {

class alarm_clock final : private timer::owner {
  public:
    /// What else is due rings in the next turn of the event loop: others have their say in between,
    /// and the answers to what some have sent find it still at hand.
    static constexpr std::size_t most_in_a_turn = 128;

    explicit alarm_clock(boost::asio::any_io_executor strand);
    alarm_clock(const alarm_clock&) = delete;
    alarm_clock& operator=(const alarm_clock&) = delete;

    [[nodiscard]] const boost::asio::any_io_executor& strand() const { return strand_; }
    [[nodiscard]] const std::shared_ptr<environment>& surroundings() const { return environment_; }
    [[nodiscard]] boot_clock::time_point now() const { return environment_->now(); }

    /// While an alarm is set, the wait in the event loop keeps `whom` alive, and nothing else has
    /// to: when the event loop is destroyed, so is its wait, and with it `whom`.
    void keep_alive(std::weak_ptr<void> whom) { timer_->keep_alive(std::move(whom)); }

    /// In a forked child nothing rings any more: `tell` is called instead, once the child's event
    /// loop runs.
    void on_forked(std::function<void()> tell) { forked_ = std::move(tell); }

    /// Rings `entry` at `at`, or cancels it for the end of time. Replaces what it was set to.
    void set(alarm& entry, boot_clock::time_point at);
    /// The same, unless it rings before that anyway: for what is checked when it rings, and set
    /// anew.
    void set_no_later(alarm& entry, boot_clock::time_point at) {
        if (at < entry.rings_at()) {
            set(entry, at);
        }
    }
    void cancel(alarm& entry);
    /// Cancels everything, and lets nothing be set any more: for an owner whose parts, which are
    /// alarms, are about to go one after the other.
    void end();

  private:
    void on_time() override;
    void on_forked() override;
    void rearm();

    boost::asio::any_io_executor strand_;
    std::shared_ptr<environment> environment_;
    alarm_queue queue_;
    bool ringing_ = false;
    bool ended_ = false;
    std::function<void()> forked_;
    std::unique_ptr<timer> timer_;
};

}  // namespace redlock::outside
