#include "ending.hpp"

#include <nanobind/nanobind.h>

#include <atomic>

namespace redlock::python {

namespace {

std::atomic<bool> ending = false;
thread_local bool is_ender = false;

}  // namespace

void begin_the_end() noexcept {
    is_ender = true;
    ending.store(true);
}

bool is_ending_elsewhere() noexcept {
    return ending.load() && !is_ender;
}

void stand_still() noexcept {
    PyEval_SaveThread();
    for (;;) {
        ::pause();
    }
}

}  // namespace redlock::python
