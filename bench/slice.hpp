// What one short stretch of measuring saw, and how stretches are summed up. Values only. Medians
// are taken everywhere, since on a shared machine the mean tells about the neighbours.
#pragma once

#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is not in <ctime>.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;
using nanoseconds = std::chrono::nanoseconds;

struct slice {
    std::size_t cycles = 0;
    std::size_t errors = 0;  ///< Cycles that did not do what they should; must be none.
    nanoseconds elapsed{0};
    nanoseconds busy{0};  ///< Processor time of the measuring thread.

    [[nodiscard]] double rate() const {
        return static_cast<double>(cycles) / std::chrono::duration<double>(elapsed).count();
    }
    [[nodiscard]] nanoseconds busy_per_cycle() const {
        return cycles == 0 ? nanoseconds{0} : busy / static_cast<nanoseconds::rep>(cycles);
    }
};

/// Comparable between the processes of one machine.
[[nodiscard]] inline nanoseconds time_now() {
    return clock::now().time_since_epoch();
}

/// What this thread has used of a processor, in user code and in the kernel. Far less noisy than
/// the clock when others want the processor too.
[[nodiscard]] inline nanoseconds thread_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

/// The upper median; zero of nothing. Takes its argument by value since it reorders it.
template <class T>
[[nodiscard]] T median(std::vector<T> values) {
    if (values.empty()) {
        return T{};
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace bench
