#include "core/validity.hpp"

namespace redlock::core {

duration drift_of(std::chrono::milliseconds lease_time) {
    using namespace std::chrono_literals;
    // In nanoseconds the hundredth part is exact, so that there is nothing to round.
    return duration{lease_time} / 100 + 2ms;
}

instant valid_until(instant started, std::chrono::milliseconds lease_time) {
    return started + (duration{lease_time} - drift_of(lease_time));
}

}  // namespace redlock::core
