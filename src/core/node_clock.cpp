#include "core/node_clock.hpp"

#include <algorithm>
#include <chrono>

namespace redlock::core {

namespace {

using std::chrono::microseconds;

// A node may answer any number. What lies beyond is no time, and would overflow.
constexpr std::int64_t latest_us = std::int64_t{1} << 53U;
// One step counts for no more than this, which no lease outlives, and all of them together stay in
// range.
constexpr microseconds largest_step = std::chrono::hours{48};
constexpr duration::rep largest_sum = duration::max().count() / 4;

}  // namespace

bool node_clock::on_answer(std::int64_t node_us, instant sent, instant received) {
    if (node_us <= 0 || node_us > latest_us) {
        return false;
    }
    const auto floored = [](instant of) {
        return std::chrono::floor<microseconds>(of.time_since_epoch()).count();
    };
    // The node cuts its time off to the microsecond, and read it somewhen in between.
    std::int64_t least = node_us - floored(received) - 1;
    std::int64_t most = node_us - floored(sent) + 1;
    bool was_set = false;
    if (since_ != never) {
        const std::int64_t drift = (floored(received) - floored(since_)) / 100 + 1;
        std::int64_t forward_us = 0;
        if (least > most_us_ + drift) {
            forward_us = most - least_us_ - drift;
        } else if (most < least_us_ - drift) {
            forward_us = most - least_us_ + drift;
        } else {
            least = std::max(least, least_us_ - drift);
            most = std::min(most, most_us_ + drift);
        }
        was_set = forward_us != 0;
        const auto step = std::clamp(microseconds{forward_us}, -largest_step, largest_step);
        stepped_ = duration{std::clamp((stepped_ + step).count(), -largest_sum, largest_sum)};
    }
    least_us_ = least;
    most_us_ = most;
    since_ = sent;
    return was_set;
}

}  // namespace redlock::core
