// A lock manager and its locks, as Python's half of the package drives them.
#pragma once

#include <nanobind/nanobind.h>

namespace redlock::python {

void bind_manager(nanobind::module_& module);
void bind_held(nanobind::module_& module);

/// At the interpreter's end: closes every manager that is still open, so that no lock outlives its
/// process by a lease, and stops the engine.
void shut_down();
/// The same in a process that goes on afterwards, in which other threads may run: closes every
/// manager, and waits for that.
void close_all();

}  // namespace redlock::python
