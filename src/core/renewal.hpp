// When a held lock must be looked after: when the watchdog extends it, when a failed extension is
// tried again, and when its loss must be announced whatever the nodes do. Pure: the outside arms a
// timer for `next_event()` and calls `on_timer`. Renewals come at instants that all locks of the
// machine share, 10 ms apart or less, so that many leave in one write. Used by one strand at a
// time.
#pragma once

#include <chrono>

#include "core/instant.hpp"

namespace redlock::core {

class renewal {
  public:
    enum class action {
        none,
        extend,         ///< Start an extend round and report its end.
        announce_loss,  ///< What is left of validity is the holder's time to stop.
    };

    struct settings {
        std::chrono::milliseconds lease_time;
        duration stop_margin;
        bool renews;
        /// In [0, 1): spreads the renewals of locks acquired together over a tenth of the interval.
        double jitter;
    };

    /// `started`: when the round began that won the lease which is valid until `valid_until`.
    renewal(const settings& wanted, instant started, instant valid_until);

    /// When `on_timer` is to be called; `never` once the loss is announced. While a round is under
    /// way, when it ought to be next if that round is won, so that most often it stays.
    [[nodiscard]] instant next_event() const;
    action on_timer(instant now);
    /// A round won, the watchdog's own or one that the caller asked for.
    void on_extended(instant started, instant valid_until);
    void on_extend_failed(instant now);
    /// The lease ends earlier than was reckoned. A new one mends that: it is asked for at once.
    void on_shortened(instant now, instant valid_until);

    [[nodiscard]] instant loss_announced_at() const { return announce_at_; }
    [[nodiscard]] std::chrono::milliseconds lease_time() const { return lease_time_; }
    [[nodiscard]] bool renews() const { return renews_; }

  private:
    void schedule(instant started, instant valid_until);

    std::chrono::milliseconds lease_time_;
    duration stop_margin_;
    instant renew_at_ = never;
    instant announce_at_ = never;
    float jitter_;
    bool renews_;
    bool extending_ = false;
    bool announced_ = false;
};

/// A tenth of the lease, at most 500 ms: the holder's time to stop when a lock is lost.
[[nodiscard]] duration default_stop_margin(std::chrono::milliseconds lease_time);

}  // namespace redlock::core
