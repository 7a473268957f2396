#include "core/renewal.hpp"

#include <algorithm>
#include <cassert>

namespace redlock::core {

namespace {

/// A third of the lease: two more attempts fit before it ends.
duration interval(std::chrono::milliseconds lease_time, double jitter) {
    const duration third = duration{lease_time} / 3;
    const auto early = static_cast<duration::rep>(static_cast<double>(third.count()) * jitter / 10);
    return third - duration{early};
}

/// Earlier by 10 ms or a hundredth of the interval at most, to an instant that the locks of this
/// machine share: what is due at once leaves together, and many requests in one write cost a
/// fraction of as many writes.
instant together_with_others(instant at, std::chrono::milliseconds lease_time) {
    const duration apart =
        std::min<duration>(std::chrono::milliseconds{10}, duration{lease_time} / 300);
    assert(apart > duration::zero());
    return at - at.time_since_epoch() % apart;
}

}  // namespace

renewal::renewal(const settings& wanted, instant started, instant valid_until)
    : lease_time_(wanted.lease_time),
      stop_margin_(wanted.stop_margin),
      jitter_(static_cast<float>(wanted.jitter)),
      renews_(wanted.renews) {
    schedule(started, valid_until);
}

instant renewal::next_event() const {
    return announced_ ? never : std::min(renew_at_, announce_at_);
}

renewal::action renewal::on_timer(instant now) {
    if (announced_) {
        return action::none;
    }
    if (now >= announce_at_) {
        announced_ = true;
        return action::announce_loss;
    }
    if (now < renew_at_) {
        return action::none;
    }
    if (extending_) {
        // There is no answer yet, and only the loss can come next.
        renew_at_ = never;
        return action::none;
    }
    extending_ = true;
    // As if it were extended now, so that an alarm that is set for it need not be set again.
    renew_at_ = together_with_others(now + interval(lease_time_, jitter_), lease_time_);
    return action::extend;
}

void renewal::on_extended(instant started, instant valid_until) {
    extending_ = false;
    schedule(started, valid_until);
}

void renewal::on_extend_failed(instant now) {
    extending_ = false;
    if (renews_) {
        // Soon, but not as fast as the nodes can say no.
        renew_at_ = now + duration{lease_time_} / 10;
    }
}

void renewal::on_shortened(instant now, instant valid_until) {
    announce_at_ = std::min(announce_at_, valid_until - stop_margin_);
    if (renews_ && !extending_) {
        renew_at_ = std::min(renew_at_, now);
    }
}

void renewal::schedule(instant started, instant valid_until) {
    announce_at_ = valid_until - stop_margin_;
    // Half-way to the announcement at the latest: the caller may have extended by less than the
    // lock's own lease time, or want a wide margin.
    if (!renews_) {
        renew_at_ = never;
        return;
    }
    const instant latest =
        started + std::min(interval(lease_time_, jitter_), (announce_at_ - started) / 2);
    renew_at_ = std::max(started, together_with_others(latest, lease_time_));
}

duration default_stop_margin(std::chrono::milliseconds lease_time) {
    using namespace std::chrono_literals;
    return std::min<duration>(duration{lease_time} / 10, 500ms);
}

}  // namespace redlock::core
