// Threads at the interpreter's end. Python ends a daemon thread where it wants the interpreter's
// lock, by an unwinding that no destructor and no `catch` of a library expects: our threads stand
// still instead, until the process is over.
#pragma once

#include <cxxabi.h>
#include <unistd.h>

#include <utility>

namespace redlock::python {

/// From now on the interpreter ends, and the calling thread ends it.
void begin_the_end() noexcept;
/// Whether another thread ends the interpreter.
[[nodiscard]] bool is_ending_elsewhere() noexcept;
/// Gives the interpreter's lock, which the caller has, away and never returns.
[[noreturn]] void stand_still() noexcept;

/// Calls what may want the interpreter's lock again.
template <class Function>
decltype(auto) unless_it_ends(Function&& function) {
    try {
        return std::forward<Function>(function)();
    } catch (abi::__forced_unwind&) {
        for (;;) {
            ::pause();
        }
    }
}

}  // namespace redlock::python
