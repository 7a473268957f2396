// A lock manager and its locks, as Python's half of the package drives them.
#pragma once

#include <nanobind/nanobind.h>

namespace redlock::python {

void bind_manager(nanobind::module_& module);
void bind_held(nanobind::module_& module);

/// At the interpreter's end: closes every manager that is still open, so that no lock outlives its
/// process by a lease, and stops the engine.
void shut_down();

}  // namespace redlock::python
