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
#include <utility>

#include "box.hpp"
#include "ending.hpp"
#include "failure.hpp"

namespace nb = nanobind;

namespace redlock::python {

namespace {

/// References of calls that were destroyed on the engine's thread.
boost::lockfree::stack<PyObject*>& laid_aside() {
    static boost::lockfree::stack<PyObject*> all{64};
    return all;
}

/// The thread that had them could not.
void drop_laid_aside() {
    if (!laid_aside().empty()) {
        laid_aside().consume_all([](PyObject* left) { nb::steal(left); });
    }
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
        PyErr_SetFromErrno(PyExc_OSError);
        throw nb::python_error();
    }
}

inbox::~inbox() {
    abandon();
    ::close(descriptor_);
}

void inbox::abandon() noexcept {
    abandoned_.store(true);
    arrived_.consume_all([](call* left) {
        call_ptr {
            left, false
        } -> drop();
    });
}

void inbox::push(call_ptr done) noexcept {
    const inbox_ptr alive = this;  // the call may be the last to refer to it
    arrived_.push(done.detach());
    // After the push: of the two who may come last, one sees what the other has done.
    if (abandoned_.load()) {
        abandon();
        return;
    }
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
    std::optional<nb::python_error> raised;
    arrived_.consume_all_atomic_reversed([&](call* done) {
        const call_ptr its{done, false};
        try {
            its->deliver();
        } catch (nb::python_error& error) {
            raised.emplace(std::move(error));
        }
    });
    drop_laid_aside();
    if (raised) {
        throw nb::python_error{std::move(*raised)};
    }
}

void inbox::wait(const box& its, std::optional<double> seconds) const {
    if (its.done()) {
        return;
    }
    pollfd what{descriptor_, POLLIN, 0};
    PyThreadState* const state = PyEval_SaveThread();
    const int result = ::poll(&what, 1, milliseconds_of(seconds));
    const int why = errno;
    while (is_ending_elsewhere()) {
        ::pause();
    }
    unless_it_ends([&] { PyEval_RestoreThread(state); });
    if (result < 0 && why == EINTR && PyErr_CheckSignals() != 0) {
        throw nb::python_error();
    }
}

call::call(inbox_ptr home, nb::object target)
    : home_(std::move(home)), engine_(engine::running()), target_(std::move(target)) {
    if (auto* const its = box::in(target_)) {
        its->expect(this);
    }
}

call::~call() {
    let_go(target_);
}

void call::let_go(nb::object& reference) noexcept {
    if (reference.is_valid() && engine::runs_here()) {
        laid_aside().push(reference.release().ptr());
    }
    reference.reset();
}

void call::drop() noexcept {
    discard();
    let_go(target_);
}

void call::cancel() {
    // In its child, a fork's copy has nobody who could answer.
    if (engine_ == nullptr || engine_ != engine::running()) {
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
        unless_it_ends([&] { hand_to(target); });
    } catch (nb::python_error& error) {
        if (!error.matches(PyExc_Exception)) {
            throw;  // KeyboardInterrupt, for example
        }
        error.discard_as_unraisable("asio_redlock: a result could not be delivered");
    }
}

void call::hand_to(const nb::object& target) {
    if (auto* const its = box::in(target)) {
        if (its->done()) {
            discard();
        } else if (error_) {
            its->set_exception(failure_of(error_, why(error_)));
        } else {
            its->set_result(result());
        }
    } else if (nb::cast<bool>(target.attr("done")())) {
        discard();
    } else if (error_) {
        target.attr("set_exception")(failure_of(error_, why(error_)));
    } else {
        target.attr("set_result")(result());
    }
}

}  // namespace redlock::python
