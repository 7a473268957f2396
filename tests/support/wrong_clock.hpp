// Gives servers that are started meanwhile a wall clock that is wrong. One at a time; main thread.
#pragma once

namespace redlock::support {

class wrong_clock {
  public:
    /// Ahead of ours.
    explicit wrong_clock(int seconds);
    ~wrong_clock();
    wrong_clock(const wrong_clock&) = delete;
    wrong_clock& operator=(const wrong_clock&) = delete;
};

}  // namespace redlock::support
