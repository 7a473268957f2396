// All timers of a manager behind one timerfd on CLOCK_BOOTTIME: setting and cancelling an alarm in
// the steady state touches only a heap in memory, and after a suspend everything that is due rings
// at once, which a monotonic timer would not. Must never wait for anything but time. Strand only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/instant.hpp"

namespace redlock::driver {

/// Something that can be woken. Not copyable: the clock knows its address.
class alarm {
  public:
    alarm() = default;
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    /// The owner cancels before it destroys.
    virtual ~alarm() = default;

    [[nodiscard]] bool is_set() const { return position_ != not_set; }
    /// Rung once; may set itself again, or any other, or destroy itself.
    virtual void on_alarm(core::instant now) = 0;

  private:
    friend class alarm_heap;
    static constexpr std::size_t not_set = std::numeric_limits<std::size_t>::max();

    core::instant at_ = core::never;
    std::size_t position_ = not_set;
};

/// A binary heap of alarms by time, each knowing its place in it. Pure.
class alarm_heap {
  public:
    void set(alarm& entry, core::instant at);
    void cancel(alarm& entry);
    /// The alarm that is due at `now`, taken out; null if none is.
    [[nodiscard]] alarm* take_due(core::instant now);
    /// `never` when empty.
    [[nodiscard]] core::instant earliest() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    void place(alarm* entry, std::size_t position);
    void sift_up(std::size_t position);
    void sift_down(std::size_t position);

    std::vector<alarm*> entries_;
};

class alarm_clock {
  public:
    explicit alarm_clock(boost::asio::any_io_executor strand);
    ~alarm_clock();
    alarm_clock(const alarm_clock&) = delete;
    alarm_clock& operator=(const alarm_clock&) = delete;

    /// While an alarm is set, the wait in the event loop keeps `owner` alive, and nothing else has
    /// to: when the event loop is destroyed, so is its wait, and with it the owner.
    void keep_alive(std::weak_ptr<void> owner);

    /// In a forked child nothing rings any more: `tell` is called instead, once the child's event
    /// loop runs.
    void on_forked(std::function<void()> tell) { forked_ = std::move(tell); }

    /// Rings `entry` at `at`, or cancels it for `never`. Replaces what it was set to.
    void set(alarm& entry, core::instant at);
    void cancel(alarm& entry);

  private:
    class descriptor;

    void ring(core::instant now);
    void rearm();

    alarm_heap heap_;
    bool ringing_ = false;
    std::function<void()> forked_;
    std::shared_ptr<descriptor> timer_;
};

}  // namespace redlock::driver
