#include "inbox.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "failure.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

/// References of calls that were destroyed on the engine's thread.
boost::lockfree::stack<PyObject*>& laid_aside() {
    static boost::lockfree::stack<PyObject*> all{64};
    return all;
}

int milliseconds_of(std::optional<double> seconds) {
    if (!seconds) {
        return -1;
    }
    constexpr double most = std::numeric_limits<int>::max();
    return static_cast<int>(std::clamp(std::ceil(*seconds * 1000), 0.0, most));
}

}  // namespace

inbox::inbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
}

inbox::~inbox() {
    arrived_.consume_all([](call* left) { const call_ptr dropped{left, false}; });
    ::close(descriptor_);
}

void inbox::push(call_ptr done) noexcept {
    arrived_.push(done.detach());
    if (!rung_.exchange(true)) {
        const std::uint64_t one = 1;
        // It cannot be full, and there is nobody to tell.
        [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
    }
}

void inbox::drain() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
    // Before the look: what comes after it rings again.
    rung_.store(false);
    arrived_.consume_all_atomic_reversed([](call* done) {
        const call_ptr its{done, false};
        its->deliver();
    });
    drop_laid_aside();
}

void inbox::wait(std::optional<double> seconds) const {
    pollfd what{descriptor_, POLLIN, 0};
    int result = 0;
    {
        const nb::gil_scoped_release unlocked;
        result = ::poll(&what, 1, milliseconds_of(seconds));
    }
    if (result < 0 && errno == EINTR && PyErr_CheckSignals() != 0) {
        throw nb::python_error();
    }
}

call::call(inbox_ptr home, nb::object target)
    : home_(std::move(home)), engine_(engine::current()), target_(std::move(target)) {}

call::~call() {
    if (target_.is_valid() && engine::runs_here()) {
        laid_aside().push(target_.release().ptr());
    }
}

void call::cancel() {
    // In its child, a fork's copy has nobody who could answer.
    if (engine_ == nullptr || engine_ != engine::current()) {
        return;
    }
    boost::asio::post(engine_->loop(), [its = call_ptr{this}] {
        its->signal_.emit(boost::asio::cancellation_type::terminal);
    });
}

void call::complete(error_code error) {
    error_ = error;
    // Not through a member afterwards: Python may have it now.
    const inbox_ptr to = home_;
    to->push(this);
}

void call::deliver() {
    const nb::object target = std::move(target_);
    try {
        if (nb::cast<bool>(target.attr("done")())) {
            return;
        }
        if (error_) {
            target.attr("set_exception")(failure_of(error_, details_));
        } else {
            target.attr("set_result")(result());
        }
    } catch (nb::python_error& error) {
        error.discard_as_unraisable("asio_redlock: a result could not be delivered");
    }
}

void drop_laid_aside() {
    if (!laid_aside().empty()) {
        laid_aside().consume_all([](PyObject* left) { nb::steal(left); });
    }
}

}  // namespace redlock::python
