// Alarms in order of time. Pure; one thread at a time.
#pragma once

#include <cstddef>
#include <limits>
#include <redlock/clock.hpp>
#include <vector>

namespace redlock::outside {

/// Something that can be woken. Not copyable: the clock knows its address.
class alarm {
  public:
    alarm() = default;
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    /// The owner cancels before it destroys.
    virtual ~alarm() = default;

    [[nodiscard]] bool is_set() const { return position_ != not_set; }
    /// The end of time if it is not set.
    [[nodiscard]] boot_clock::time_point rings_at() const { return at_; }
    /// Rung once; may set itself again, or any other, or destroy itself.
    virtual void on_alarm(boot_clock::time_point now) = 0;

  private:
    friend class alarm_heap;
    static constexpr std::size_t not_set = std::numeric_limits<std::size_t>::max();

    boot_clock::time_point at_ = boot_clock::time_point::max();
    std::size_t position_ = not_set;
};

/// A binary heap of alarms by time, each knowing its place in it. Pure.
class alarm_heap {
  public:
    void set(alarm& entry, boot_clock::time_point at);
    void cancel(alarm& entry);
    void cancel_all();
    /// The alarm that is due at `now`, taken out; null if none is.
    [[nodiscard]] alarm* take_due(boot_clock::time_point now);
    /// The end of time when empty.
    [[nodiscard]] boot_clock::time_point earliest() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    void place(alarm* entry, std::size_t position);
    void sift_up(std::size_t position);
    void sift_down(std::size_t position);

    std::vector<alarm*> entries_;
};

}  // namespace redlock::outside
