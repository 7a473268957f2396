// The numbers behind manager_statistics: written on the strand, read by any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "redlock/statistics.hpp"

namespace redlock::manager {

class counter {
  public:
    /// On the strand, which is the only writer: no need for a locked instruction.
    void add(std::uint64_t more = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
    /// Any thread.
    [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

struct manager_counters {
    counter acquired;
    counter handed_over;
    counter attempts;
    counter split_votes;
    counter wake_ups;
    counter lost;
    counter waited_ns;

    /// Any thread. Numbers that belong together may be one apart.
    [[nodiscard]] manager_statistics read() const {
        return {.acquired = acquired.get(),
                .handed_over = handed_over.get(),
                .attempts = attempts.get(),
                .split_votes = split_votes.get(),
                .wake_ups = wake_ups.get(),
                .lost = lost.get(),
                .waited = std::chrono::nanoseconds{waited_ns.get()}};
    }
};

}  // namespace redlock::manager
