// Closes ranges of descriptors, also where the system does not do it in one call: before Linux 5.9
// (5.11 for those at exec), and where a filter of system calls refuses close_range(2). For the time
// between fork and exec: it allocates nothing and makes only async-signal-safe calls.
#pragma once

namespace redlock::cli {

/// Closes all from `first` to `last`. Nothing happens if `first` is larger.
void close_descriptors(unsigned first, unsigned last) noexcept;

/// Has them closed when this process executes a program.
void close_descriptors_on_exec(unsigned first, unsigned last) noexcept;

}  // namespace redlock::cli
