// Alarms in order of time. Pure; one thread at a time.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cassert>
#include <cstddef>
#include <functional>
#include <map>
#include <redlock/clock.hpp>
#include <utility>

#include "base/recycled.hpp"

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

    boot_clock::time_point at_ = boot_clock::time_point::max();
    boost::intrusive::list_member_hook<> hook_;
};

/// Alarms by time, and of one time in the order in which they were set. Most of very many share
/// their times with others (see core/renewal.hpp), so there are few times to search: a tree of all
/// alarms would be spread over more memory than a processor keeps at hand.
class alarm_queue {
  public:
    using time_point = boot_clock::time_point;

    void set(alarm& entry, time_point at) {
        cancel(entry);
        entry.at_ = at;
        times_[at].push_back(entry);
    }
    void cancel(alarm& entry) {
        if (entry.is_set()) {
            const auto its = times_.find(entry.at_);
            assert(its != times_.end());
            take(its, entry);
        }
    }
    void cancel_all() {
        while (!times_.empty()) {
            take(times_.begin(), times_.begin()->second.front());
        }
    }
    /// The alarm that is due at `now`, taken out; null if none is.
    [[nodiscard]] alarm* take_due(time_point now) {
        if (earliest() > now || times_.empty()) {
            return nullptr;
        }
        alarm& due = times_.begin()->second.front();
        take(times_.begin(), due);
        return &due;
    }
    /// Has the memory of what rings next come meanwhile.
    void expect_next() const {
        constexpr std::size_t line = 64;
        constexpr std::size_t usual_size = 6 * line;  // of a held lock, of which there may be many
        if (!times_.empty()) {
            const auto* const its = static_cast<const void*>(&times_.begin()->second.front());
            for (std::size_t at = 0; at < usual_size; at += line) {
                __builtin_prefetch(static_cast<const char*>(its) + at);
            }
        }
    }
    /// The end of time when empty.
    [[nodiscard]] time_point earliest() const {
        return times_.empty() ? time_point::max() : times_.begin()->first;
    }
    [[nodiscard]] std::size_t size() const {
        std::size_t sum = 0;
        for (const auto& [at, alarms] : times_) {
            sum += alarms.size();
        }
        return sum;
    }

  private:
    using hook =
        boost::intrusive::member_hook<alarm, boost::intrusive::list_member_hook<>, &alarm::hook_>;
    using list = boost::intrusive::list<alarm, hook, boost::intrusive::constant_time_size<false>>;
    using times =
        std::map<time_point, list, std::less<>, base::recycled<std::pair<const time_point, list>>>;

    void take(times::iterator from, alarm& entry) {
        from->second.erase(list::s_iterator_to(entry));
        entry.at_ = time_point::max();
        if (from->second.empty()) {
            times_.erase(from);
        }
    }

    times times_;
};

}  // namespace redlock::outside
