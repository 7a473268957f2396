// For how long a lock stays at least, though the work under it has ended: reckoned from its
// acquisition. Pure. Used by one strand at a time.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/instant.hpp"

namespace redlock::core {

class minimum_hold {
  public:
    /// None: a release ends the lock at once.
    minimum_hold() = default;
    /// `began`: when the round began that won the lock.
    minimum_hold(instant began, std::chrono::milliseconds least)
        : until_(least > least.zero() ? saturating_add(began, least) : instant::min()) {}

    /// For whom a look at the clock can be spared.
    [[nodiscard]] bool none() const { return until_ == instant::min(); }
    [[nodiscard]] bool is_over(instant now) const { return now >= until_; }
    /// Rounded up, so that it is never cut short; zero when it is over.
    [[nodiscard]] std::chrono::milliseconds left(instant now) const {
        return is_over(now) ? std::chrono::milliseconds::zero()
                            : std::chrono::ceil<std::chrono::milliseconds>(until_ - now);
    }
    /// What to ask the nodes for, so that a lease of `wanted` covers the minimum as well: then it
    /// is kept even if the holder dies.
    [[nodiscard]] std::chrono::milliseconds covered_by(std::chrono::milliseconds wanted,
                                                       instant now) const {
        return std::max(wanted, left(now));
    }

  private:
    instant until_ = instant::min();
};

}  // namespace redlock::core
