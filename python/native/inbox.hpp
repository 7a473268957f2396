// What Python waits for, and where the engine leaves it. A call carries an operation's result from
// the engine's thread to the thread in Python that began it; an inbox collects the calls of one
// event loop, or of one blocked thread, and wakes it once for as many as there are.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/lockfree/stack.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <optional>
#include <redlock/error.hpp>

#include "engine.hpp"

namespace redlock::python {

class box;
class call;
using call_ptr = boost::intrusive_ptr<call>;

/// Threads: `push` by any, without the interpreter's lock; all else with it.
class inbox : public boost::intrusive_ref_counter<inbox> {
  public:
    /// Throws OSError if the process may not open another descriptor.
    inbox();
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;
    ~inbox();

    /// Nobody reads it any more: what is there, and what comes still, is dropped. A lock among it
    /// is released.
    void abandon() noexcept;
    /// Readable while something is there.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    /// Leaves a call that is over; wakes who waits, unless that is done already.
    void push(call_ptr done) noexcept;
    /// Hands each call that is over to its target. Throws what a signal's handler raised meanwhile,
    /// after all of them.
    void drain();
    /// Blocks until something is there, for `seconds` at most, unless `its` is done already, which
    /// a signal's handler may have seen to; releases the interpreter's lock meanwhile. Throws what
    /// a signal's handler raised. Never returns once the interpreter ends.
    void wait(const box& its, std::optional<double> seconds) const;

  private:
    boost::lockfree::stack<call*> arrived_{64};
    std::atomic<bool> rung_ = false;
    std::atomic<bool> abandoned_ = false;
    int descriptor_;
};
using inbox_ptr = boost::intrusive_ptr<inbox>;

/// One operation. Its target is a box, an asyncio future or what looks like one: `done()`,
/// `set_result(value)`, `set_exception(error)`. A target that is done already, having been
/// cancelled, gets nothing, and the result is destroyed: a lock among it is released.
class call : public boost::intrusive_ref_counter<call> {
  public:
    call(inbox_ptr home, nanobind::object target);
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    virtual ~call();

    /// Ends the operation early. With the interpreter's lock.
    void cancel();
    /// With the interpreter's lock, by the thread of the target. Throws what a signal's handler
    /// raised.
    void deliver();
    /// Instead of `deliver`, on any thread: nobody wants it any more.
    void drop() noexcept;

    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }
    [[nodiscard]] diagnostics& details() noexcept { return details_; }

  protected:
    /// On the engine's thread: it is over.
    void complete(error_code error);
    /// Gives a reference up on any thread.
    static void let_go(nanobind::object& reference) noexcept;

  private:
    /// The value for Python, once the call has ended without an error.
    [[nodiscard]] virtual nanobind::object result() = 0;
    /// Destroys the value.
    virtual void discard() noexcept = 0;
    /// What is known of the error.
    [[nodiscard]] virtual diagnostics why(error_code /*error*/) const { return details_; }
    void hand_to(const nanobind::object& target);

    inbox_ptr home_;
    engine* engine_;
    nanobind::object target_;
    diagnostics details_;
    error_code error_;
    boost::asio::cancellation_signal signal_;
};

/// What Python has of the two.
struct inbox_handle {
    inbox_handle() = default;
    inbox_handle(const inbox_handle&) = delete;
    inbox_handle& operator=(const inbox_handle&) = delete;
    ~inbox_handle() { its->abandon(); }

    inbox_ptr its{new inbox};
};
/// What an event loop calls when the inbox is readable. A loop that is closed lets go of it, and
/// with that abandons the inbox.
struct inbox_reader {
    explicit inbox_reader(const inbox_handle& of) : its(of.its) {}
    inbox_reader(const inbox_reader&) = delete;
    inbox_reader& operator=(const inbox_reader&) = delete;
    ~inbox_reader() { its->abandon(); }

    inbox_ptr its;
};
struct call_handle {
    call_ptr its;
};

}  // namespace redlock::python
