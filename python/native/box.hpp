// What a blocked thread waits for, in place of an asyncio future. Compiled, so that no signal's
// handler runs in the middle of a delivery.
#pragma once

#include <nanobind/nanobind.h>

#include "inbox.hpp"

namespace redlock::python {

/// One operation's outcome. Used by one thread, with the interpreter's lock.
class box {
  public:
    /// The operation that ends here, once it has begun.
    void expect(call_ptr from) noexcept { from_ = std::move(from); }
    [[nodiscard]] bool done() const noexcept { return done_; }
    void set_result(nanobind::object value) noexcept;
    void set_exception(nanobind::object error) noexcept;
    /// Cancels the operation. Whatever comes of it is not wanted any more: a lock is released.
    void give_up();
    /// Once: the value, or the error raised. The box must be done.
    nanobind::object result();

    /// Of a Python object; none if it is something else.
    [[nodiscard]] static box* in(nanobind::handle target) noexcept;

  private:
    bool done_ = false;
    nanobind::object value_;
    nanobind::object error_;
    call_ptr from_;
};

void bind_box(nanobind::module_& module);

}  // namespace redlock::python
