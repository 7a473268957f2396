// The library's errors as Python's exceptions. What they are called, and what they have in common,
// is written in Python (errors.py), which registers how one is made.
#pragma once

#include <nanobind/nanobind.h>

#include <redlock/error.hpp>

namespace redlock::python {

/// With the interpreter's lock.
[[nodiscard]] nanobind::object failure_of(error_code error, const diagnostics& details);
/// The same, raised.
[[noreturn]] void raise_failure(error_code error, const diagnostics& details);

/// Sets an exception of Python's as the one that is raised.
void set_raised(nanobind::handle exception) noexcept;

void bind_failure(nanobind::module_& module);

}  // namespace redlock::python
