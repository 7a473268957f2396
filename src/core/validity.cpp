#include "core/validity.hpp"

#include <algorithm>

namespace redlock::core {

duration drift_of(std::chrono::milliseconds lease_time) {
    using namespace std::chrono_literals;
    // In nanoseconds the hundredth part is exact, so that there is nothing to round.
    return duration{lease_time} / 100 + 2ms;
}

duration step_of(std::chrono::milliseconds lease_time, std::chrono::milliseconds clock_step) {
    return std::min(duration{clock_step}, duration{lease_time} / 10);
}

duration allowance_of(std::chrono::milliseconds lease_time, std::chrono::milliseconds clock_step) {
    return drift_of(lease_time) + step_of(lease_time, clock_step);
}

instant valid_until(instant started, std::chrono::milliseconds lease_time,
                    std::chrono::milliseconds clock_step) {
    return started + (duration{lease_time} - allowance_of(lease_time, clock_step));
}

}  // namespace redlock::core
