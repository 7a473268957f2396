#include "driver/alarm_clock.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <cerrno>
#include <utility>

#include "base/forks.hpp"
#include "base/strand.hpp"

namespace redlock::driver {

void alarm_heap::set(alarm& entry, core::instant at) {
    entry.at_ = at;
    if (!entry.is_set()) {
        entries_.push_back(&entry);
        entry.position_ = entries_.size() - 1;
        sift_up(entry.position_);
        return;
    }
    assert(entries_[entry.position_] == &entry);
    sift_up(entry.position_);
    sift_down(entry.position_);
}

void alarm_heap::cancel(alarm& entry) {
    if (!entry.is_set()) {
        return;
    }
    assert(entries_[entry.position_] == &entry);
    const std::size_t hole = std::exchange(entry.position_, alarm::not_set);
    alarm* last = entries_.back();
    entries_.pop_back();
    if (last != &entry) {
        place(last, hole);
        sift_up(last->position_);
        sift_down(last->position_);
    }
}

alarm* alarm_heap::take_due(core::instant now) {
    if (entries_.empty() || entries_.front()->at_ > now) {
        return nullptr;
    }
    alarm* due = entries_.front();
    cancel(*due);
    return due;
}

core::instant alarm_heap::earliest() const {
    return entries_.empty() ? core::never : entries_.front()->at_;
}

void alarm_heap::place(alarm* entry, std::size_t position) {
    assert(position < entries_.size());
    entries_[position] = entry;
    entry->position_ = position;
}

void alarm_heap::sift_up(std::size_t position) {
    alarm* const moving = entries_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (entries_[parent]->at_ <= moving->at_) {
            break;
        }
        place(entries_[parent], position);
        position = parent;
    }
    place(moving, position);
}

void alarm_heap::sift_down(std::size_t position) {
    alarm* const moving = entries_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= entries_.size()) {
            break;
        }
        if (child + 1 < entries_.size() && entries_[child + 1]->at_ < entries_[child]->at_) {
            ++child;
        }
        if (moving->at_ <= entries_[child]->at_) {
            break;
        }
        place(entries_[child], position);
        position = child;
    }
    place(moving, position);
}

/// The timerfd and the one wait on it. Outlives the clock while a wait is on its way.
class alarm_clock::descriptor : public std::enable_shared_from_this<descriptor> {
  public:
    explicit descriptor(const boost::asio::any_io_executor& strand) : fd_(strand) {
        const int fd = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (fd < 0) {
            throw boost::system::system_error(errno, boost::system::system_category(),
                                              "timerfd_create");
        }
        fd_.assign(fd);
        listed_ = base::inherited_descriptor{fd};
    }

    /// Rings `owner` at `at`, or before.
    void arm(alarm_clock& owner, core::instant at) {
        owner_ = &owner;
        if (stamp_.foreign()) {
            boost::asio::post(fd_.get_executor(),
                              [self = shared_from_this()] { self->on_wait_ended(false); });
            return;
        }
        // Set for something earlier that was cancelled since: it rings for nothing once, which is
        // cheaper than a system call for each lock that is released in time.
        if (at < set_for_) {
            set(at);
        }
        wait_soon();
    }

    /// Nothing is to be rung: lets the wait end, so that the event loop may. The timer stays set,
    /// and is not set anew by the next lock, whose alarm is hardly ever earlier.
    void disarm() {
        if (waiting_) {
            fd_.cancel();
        }
    }

    void keep_alive(std::weak_ptr<void> owner) { kept_ = std::move(owner); }

    void abandon() {
        owner_ = nullptr;
        listed_.reset();
        boost::system::error_code ignored;
        fd_.close(ignored);
    }

  private:
    void set(core::instant at) {
        set_for_ = at;
        // Zero would disarm it, and what lies before the start of the machine is refused.
        const auto since_boot = std::max(at.time_since_epoch(), core::duration{1});
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
        itimerspec when{};
        when.it_value.tv_sec = seconds.count();
        when.it_value.tv_nsec = (since_boot - seconds).count();
        ::timerfd_settime(fd_.native_handle(), TFD_TIMER_ABSTIME, &when, nullptr);
    }

    /// Not at once: a lock is often given back in the turn of the event loop in which it was won,
    /// which then costs no wait.
    void wait_soon() {
        if (waiting_ || std::exchange(wait_posted_, true)) {
            return;
        }
        // By way of the event loop: the strand stays free for what else is done in this turn. What
        // may be the last reference to the owner goes with it onto the strand, where alone the
        // owner may be destroyed.
        const auto strand = fd_.get_executor();
        base::post_below(
            strand, [strand, self = shared_from_this(), kept = kept_.lock()]() mutable {
                base::dispatch_to(strand, [self = std::move(self), kept = std::move(kept)] {
                    self->wait_if_set();
                });
            });
    }

    void wait_if_set() {
        wait_posted_ = false;
        if (stamp_.foreign()) {
            on_wait_ended(false);
        } else if (owner_ != nullptr && owner_->heap_.size() != 0 && !waiting_) {
            wait();
        }
    }

    void wait() {
        waiting_ = true;
        fd_.async_wait(
            boost::asio::posix::stream_descriptor::wait_read,
            [self = shared_from_this(), kept = kept_.lock()](
                const boost::system::error_code& cancelled) { self->on_wait_ended(!cancelled); });
    }

    void on_wait_ended(bool rang) {
        waiting_ = false;
        if (owner_ == nullptr) {
            return;
        }
        if (stamp_.foreign()) {
            if (const auto tell = std::exchange(owner_->forked_, nullptr)) {
                tell();
            }
            return;
        }
        if (!rang) {
            owner_->rearm();  // something may have been set since
            return;
        }
        std::uint64_t expirations = 0;
        // Clears the readiness; nothing to read means that it was set anew.
        [[maybe_unused]] const auto size =
            ::read(fd_.native_handle(), &expirations, sizeof expirations);
        set_for_ = core::never;
        owner_->ring(boot_clock::now());
    }

    boost::asio::posix::stream_descriptor fd_;
    base::inherited_descriptor listed_;  // goes before it
    base::process_stamp stamp_;
    alarm_clock* owner_ = nullptr;
    std::weak_ptr<void> kept_;
    core::instant set_for_ = core::never;
    bool waiting_ = false;
    bool wait_posted_ = false;
};

alarm_clock::alarm_clock(boost::asio::any_io_executor strand)
    : timer_(std::make_shared<descriptor>(std::move(strand))) {}

alarm_clock::~alarm_clock() {
    timer_->abandon();
}

void alarm_clock::keep_alive(std::weak_ptr<void> owner) {
    timer_->keep_alive(std::move(owner));
}

void alarm_clock::set(alarm& entry, core::instant at) {
    if (at == core::never) {
        cancel(entry);
        return;
    }
    heap_.set(entry, at);
    rearm();
}

void alarm_clock::cancel(alarm& entry) {
    if (entry.is_set()) {
        heap_.cancel(entry);
        rearm();
    }
}

void alarm_clock::ring(core::instant now) {
    // The clock survives this: the wait that ended keeps its owner until it returns.
    ringing_ = true;
    while (alarm* due = heap_.take_due(now)) {
        due->on_alarm(now);
    }
    ringing_ = false;
    rearm();
}

void alarm_clock::rearm() {
    if (ringing_) {
        return;
    }
    const core::instant earliest = heap_.earliest();
    if (earliest == core::never) {
        timer_->disarm();
    } else {
        timer_->arm(*this, earliest);
    }
}

}  // namespace redlock::driver
