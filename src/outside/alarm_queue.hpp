// Alarms in order of time. Pure; one thread at a time.
#pragma once

#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <redlock/clock.hpp>

namespace redlock::outside {

/// Something that can be woken. Not copyable: the clock knows its address.
class alarm {
  public:
    alarm() = default;
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    /// The owner cancels before it destroys.
    virtual ~alarm() = default;

    [[nodiscard]] bool is_set() const { return hook_.is_linked(); }
    /// The end of time if it is not set.
    [[nodiscard]] boot_clock::time_point rings_at() const { return at_; }

    /// Rung once; may set itself again, or any other, or destroy itself.
    virtual void on_alarm(boot_clock::time_point now) = 0;

  private:
    friend class alarm_queue;

    using hook = boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>>;

    boot_clock::time_point at_ = boot_clock::time_point::max();
    hook hook_;
};

/// Alarms by time, each its own entry: to set one costs no memory.
class alarm_queue {
  public:
    using time_point = boot_clock::time_point;

    void set(alarm& entry, time_point at) {
        cancel(entry);
        entry.at_ = at;
        entries_.insert(entry);
    }
    void cancel(alarm& entry) {
        if (entry.is_set()) {
            entries_.erase(entries_.iterator_to(entry));
            entry.at_ = time_point::max();
        }
    }
    void cancel_all() {
        entries_.clear_and_dispose([](alarm* each) { each->at_ = time_point::max(); });
    }
    /// The alarm that is due at `now`, taken out; null if none is.
    [[nodiscard]] alarm* take_due(time_point now) {
        if (entries_.empty() || earliest() > now) {
            return nullptr;
        }
        alarm& due = *entries_.begin();
        cancel(due);
        return &due;
    }
    /// The end of time when empty.
    [[nodiscard]] time_point earliest() const {
        return entries_.empty() ? time_point::max() : entries_.begin()->at_;
    }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct time_of {
        using type = time_point;
        const time_point& operator()(const alarm& each) const { return each.at_; }
    };
    using hook = boost::intrusive::member_hook<alarm, alarm::hook, &alarm::hook_>;
    boost::intrusive::multiset<alarm, hook, boost::intrusive::key_of_value<time_of>> entries_;
};

}  // namespace redlock::outside
