#include "outside/system/boot_timer.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/boot_timerfd.hpp"
#include "base/forks.hpp"
#include "base/strand.hpp"

namespace redlock::outside {

namespace {

using time_point = boot_clock::time_point;

}  // namespace

/// The timerfd and the one wait on it. Outlives the timer while a wait is on its way.
class boot_timer::descriptor : public std::enable_shared_from_this<descriptor> {
  public:
    descriptor(const boost::asio::any_io_executor& strand, owner& told)
        : fd_(strand), owner_(&told) {
        const int fd = base::new_boot_timer();
        if (fd < 0) {
            throw boost::system::system_error(errno, boost::system::system_category(),
                                              "timerfd_create");
        }
        fd_.assign(fd);
        listed_ = base::inherited_descriptor{fd};
    }

    void arm(time_point at) {
        wanted_ = true;
        if (stamp_.foreign()) {
            boost::asio::post(fd_.get_executor(),
                              [self = shared_from_this()] { self->on_wait_ended(false); });
            return;
        }
        // Set for something earlier that was called off since: it rings for nothing once, which is
        // cheaper than a system call for each lock that is released in time.
        if (at < set_for_) {
            set_for_ = at;
            base::set_boot_timer(fd_.native_handle(), at);
        }
        wait_soon();
    }

    /// The timer stays set, and is not set anew by the next lock, whose alarm is hardly ever
    /// earlier.
    void disarm() {
        wanted_ = false;
        if (waiting_) {
            fd_.cancel();
        }
    }

    void keep_alive(std::weak_ptr<void> whom) { kept_ = std::move(whom); }

    void abandon() {
        owner_ = nullptr;
        listed_.reset();
        boost::system::error_code ignored;
        fd_.close(ignored);
    }

  private:
    /// Not at once: a lock is often given back in the turn of the event loop in which it was won,
    /// which then costs no wait.
    void wait_soon() {
        if (waiting_ || std::exchange(wait_posted_, true)) {
            return;
        }
        // By way of the event loop: the strand stays free for what else is done in this turn. What
        // may be the last reference to whom we keep goes with it onto the strand, where alone that
        // may be destroyed.
        const auto strand = fd_.get_executor();
        base::post_below(
            strand, [strand, self = shared_from_this(), kept = kept_.lock()]() mutable {
                base::dispatch_to(strand, [self = std::move(self), kept = std::move(kept)] {
                    self->wait_if_wanted();
                });
            });
    }

    void wait_if_wanted() {
        wait_posted_ = false;
        if (stamp_.foreign()) {
            on_wait_ended(false);
        } else if (owner_ != nullptr && wanted_ && !waiting_) {
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
            owner_->on_forked();
            return;
        }
        if (!rang) {
            if (wanted_) {
                wait_soon();  // armed again since
            }
            return;
        }
        std::uint64_t expirations = 0;
        // Clears the readiness; nothing to read means that it was set anew.
        [[maybe_unused]] const auto size =
            ::read(fd_.native_handle(), &expirations, sizeof expirations);
        set_for_ = time_point::max();
        wanted_ = false;
        owner_->on_time();
    }

    boost::asio::posix::stream_descriptor fd_;
    base::inherited_descriptor listed_;  // goes before it
    base::process_stamp stamp_;
    owner* owner_;
    std::weak_ptr<void> kept_;
    time_point set_for_ = time_point::max();
    bool wanted_ = false;
    bool waiting_ = false;
    bool wait_posted_ = false;
};

boot_timer::boot_timer(const boost::asio::any_io_executor& strand, owner& told)
    : descriptor_(std::make_shared<descriptor>(strand, told)) {}

boot_timer::~boot_timer() {
    descriptor_->abandon();
}

void boot_timer::arm(time_point at) {
    descriptor_->arm(at);
}

void boot_timer::disarm() {
    descriptor_->disarm();
}

void boot_timer::keep_alive(std::weak_ptr<void> whom) {
    descriptor_->keep_alive(std::move(whom));
}

}  // namespace redlock::outside
