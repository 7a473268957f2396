#include "core/acquisition.hpp"

#include <algorithm>
#include <cassert>

namespace redlock::core {

acquisition::step acquisition::on_queued() {
    assert(stage_ == stage::queued || stage_ == stage::asking);
    expects_contention_ = true;
    asks_since_ = never;
    stage_ = stage::queued;
    return {.what = action::wait, .until = deadline()};
}

acquisition::step acquisition::on_turn(bool open) {
    if (stage_ != stage::queued && stage_ != stage::opening) {
        return {};
    }
    if (open) {
        return follow(session_.start());
    }
    stage_ = stage::opening;
    return {.what = action::open, .until = deadline()};
}

acquisition::step acquisition::on_round(const acquire_round& round, instant now, double random,
                                        node_set tracking, alternative other) {
    assert(stage_ == stage::asking);
    asks_since_ = std::min(asks_since_, now);
    const acquire_outcome outcome = round.outcome();
    const bool taken = outcome == acquire_outcome::contended || outcome == acquire_outcome::split;
    if (taken && other == alternative::at_once) {
        return follow(session_.on_found_taken(outcome, now));
    }
    if (is_casual() && taken) {
        expects_contention_ = true;
        return follow(session_.on_found_taken(outcome, now));
    }
    return follow(session_.on_round(round, now, random, tracking, other != alternative::none));
}

instant acquisition::on_changed(node_index node, const acquire_round* last, instant now,
                                node_set tracking, bool elsewhere) {
    if (stage_ != stage::asking && stage_ != stage::waiting) {
        return never;
    }
    const auto* const round = stage_ == stage::waiting ? last : nullptr;
    const instant look_at = session_.on_changed(node, round, now, tracking, elsewhere).wait_until;
    return look_at == never ? never : std::min(look_at, deadline());
}

acquisition::step acquisition::on_alarm(instant now, acquire_outcome outcome) {
    wait_end end = wait_end::none;
    switch (stage_) {
        case stage::queued:
            end = wait_end::timed_out;
            break;
        case stage::opening:
            end = wait_end::unavailable;
            break;
        case stage::asking:
            end = session_.on_deadline(outcome);
            break;
        case stage::waiting:
            return follow(session_.on_timer(now));
        case stage::finding_holder:
        case stage::cancelled:
        case stage::done:
            assert(false && "its alarm was cancelled");
            return {};
    }
    return {.what = action::give_up, .end = end};
}

void acquisition::find_holder() {
    assert(stage_ != stage::cancelled && stage_ != stage::done);
    stage_ = stage::finding_holder;
}

bool acquisition::cancel() {
    if (stage_ == stage::cancelled || stage_ == stage::done) {
        return false;
    }
    stage_ = stage::cancelled;
    return true;
}

bool acquisition::complete(bool acquired) {
    assert(stage_ != stage::done);
    const bool by_attempt = acquired && stage_ == stage::asking;
    stage_ = stage::done;
    return by_attempt;
}

acquisition::taking acquisition::takes_over(instant now) const {
    if (needs_own_lease_) {
        return taking::not_at_all;
    }
    const bool leaves_them = leaves_leases_ > duration{0};
    switch (stage_) {
        case stage::queued:
            return taking::at_once;
        case stage::waiting:
            return leaves_them && now < leaves_until() ? taking::if_nobody_else : taking::at_once;
        case stage::asking:
            return leaves_them ? taking::not_now : taking::not_at_all;
        case stage::opening:
        case stage::finding_holder:
        case stage::cancelled:
        case stage::done:
            break;
    }
    return taking::not_at_all;
}

/// Not longer than for half of the time that it had left.
instant acquisition::leaves_until() const {
    return std::min(saturating_add(asks_since_, leaves_leases_),
                    deadline() == never ? never : asks_since_ + (deadline() - asks_since_) / 2);
}

/// Nearly always at first: there is rarely a reason to expect contention.
bool acquisition::is_casual() const {
    return !expects_contention_ && session_.attempts_are_unlimited() && session_.wants_news();
}

acquisition::step acquisition::follow(const wait_session::step& next) {
    if (next.end != wait_end::none) {
        return {.what = action::give_up, .end = next.end};
    }
    if (next.start_round) {
        stage_ = stage::asking;
        session_.on_round_started();
        return {.what = action::ask};
    }
    stage_ = stage::waiting;
    return {.what = action::wait, .until = next.wait_until};
}

}  // namespace redlock::core
