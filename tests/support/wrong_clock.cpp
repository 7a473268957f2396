#include "support/wrong_clock.hpp"

#include <cstdlib>
#include <string>

namespace redlock::support {

// NOLINTBEGIN(concurrency-mt-unsafe): one thread, as told in the header

wrong_clock::wrong_clock(int seconds) {
    ::setenv("LD_PRELOAD", REDLOCK_SHIFTED_CLOCK, 1);
    ::setenv("REDLOCK_TEST_CLOCK_SHIFT", std::to_string(seconds).c_str(), 1);
}

wrong_clock::~wrong_clock() {
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("REDLOCK_TEST_CLOCK_SHIFT");
}

// NOLINTEND(concurrency-mt-unsafe)

}  // namespace redlock::support
