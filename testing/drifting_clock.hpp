// True time, which nobody in the world can read, and the clocks that they read instead: each runs
// at a rate of its own, and some are set. Values; integers only.
#pragma once

#include <cstdint>

namespace redlock::testing {

/// True time in nanoseconds since the schedule began.
using tick = std::int64_t;

inline constexpr tick microsecond = 1'000;
inline constexpr tick millisecond = 1'000'000;
inline constexpr tick second = 1'000'000'000;
inline constexpr tick no_tick = INT64_MAX;

class drifting_clock {
  public:
    drifting_clock() = default;
    /// `ppm`: how much faster than true time it runs, in millionths.
    drifting_clock(std::int64_t shown, std::int64_t ppm, tick since = 0)
        : since_(since), shown_(shown), ppm_(ppm) {}

    /// What it shows, in nanoseconds.
    [[nodiscard]] std::int64_t at(tick now) const {
        const tick passed = now - since_;
        return shown_ + passed + passed / 1'000'000 * ppm_ + passed % 1'000'000 * ppm_ / 1'000'000;
    }
    /// The first tick at which it shows `shown` or more; not before it was set last.
    [[nodiscard]] tick when(std::int64_t shown) const {
        const std::int64_t wanted = shown - shown_;
        if (wanted <= 0) {
            return since_;
        }
        const std::int64_t scale = 1'000'000 + ppm_;
        tick passed = wanted / scale * 1'000'000 + wanted % scale * 1'000'000 / scale;
        while (at(since_ + passed) < shown) {
            ++passed;
        }
        while (passed > 0 && at(since_ + passed - 1) >= shown) {
            --passed;
        }
        return since_ + passed;
    }
    /// Somebody sets it.
    void step(tick now, std::int64_t by) {
        shown_ = at(now) + by;
        since_ = now;
    }

  private:
    tick since_ = 0;
    std::int64_t shown_ = 0;
    std::int64_t ppm_ = 0;
};

}  // namespace redlock::testing
