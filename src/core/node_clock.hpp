// A node's clock as its answers show it: between which bounds it lies against ours, and by how much
// it was surely set. Answers take time, so each gives an interval; a clock was set only if two
// intervals do not meet although clocks may run at rates 1 % apart. Pure; used by one strand at a
// time.
#pragma once

#include <cstdint>

#include "core/instant.hpp"

namespace redlock::core {

class node_clock {
  public:
    /// An answer to what was sent then tells the node's time, in microseconds since 1970. Answers
    /// come in the order in which the node gave them. True if the clock was set since the last.
    bool on_answer(std::int64_t node_us, instant sent, instant received);

    /// By how much it was set forward in all, drift left out; what was set back is taken off. As
    /// far as it is proven that it was set, the most that it can have been: the difference between
    /// two moments is what a lease that was given at the first may end earlier.
    [[nodiscard]] duration stepped() const { return stepped_; }

  private:
    // Of the node's clock less ours, in microseconds, at some moment since `since_`.
    std::int64_t least_us_ = 0;
    std::int64_t most_us_ = 0;
    instant since_ = never;  // no answer yet
    duration stepped_{0};
};

}  // namespace redlock::core
