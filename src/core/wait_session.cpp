#include "core/wait_session.hpp"

#include <algorithm>

#include "core/names.hpp"
#include "core/quorum.hpp"

namespace redlock::core {

namespace {

using namespace std::chrono_literals;

// A ballot that was too low is raised and sent again at once, but a node whose clock no ballot can
// please must not be asked in a tight loop.
constexpr std::size_t max_outdated_in_a_row = 3;
// While somebody holds the lock and nobody tells of changes: the first look after a millisecond or
// two, the later ones rarer. The cap bounds both the load of waiters and the time a freed lock may
// stand idle.
constexpr duration first_wait = 1ms;
constexpr duration longest_wait = 64ms;
// The fallback where changes are told, should one get lost.
constexpr duration longest_silence = 20s;
// Half of what a node lets a writer have that it calls from among readers, where nothing wakes it.
constexpr duration look_behind_readers = 1s;
// What each who stands before us in line is given to come first when the lock may be free, and for
// how many of them.
constexpr duration time_to_come_first = 1ms;
constexpr std::size_t most_waited_for = 8;
// After a split vote the rivals part by random delays of a few round trips.
constexpr duration shortest_round_trip = 100us;
constexpr duration longest_split_wait = 64ms;
constexpr duration first_unavailable_wait = 20ms;
constexpr duration longest_unavailable_wait = 250ms;

duration scaled(duration span, double factor) {
    return duration{static_cast<duration::rep>(static_cast<double>(span.count()) * factor)};
}

/// `first` doubled `times` over, at most `cap`.
duration doubled(duration first, std::size_t times, duration cap) {
    duration span = first;
    while (times-- > 0 && span < cap) {
        span *= 2;
    }
    return std::min(span, cap);
}

wait_end verdict_of(acquire_outcome outcome, wait_end when_contended) {
    switch (outcome) {
        case acquire_outcome::contended:
        case acquire_outcome::split:
            return when_contended;
        default:
            return wait_end::unavailable;
    }
}

}  // namespace

std::string_view to_string(wait_end end) noexcept {
    return name_in<wait_end::unavailable>({"none", "held", "contended", "timed out", "unavailable"},
                                          end);
}

wait_session::step wait_session::start() {
    return {.start_round = true};
}

wait_session::step wait_session::on_round(const acquire_round& round, instant now, double random,
                                          node_set tracking, bool elsewhere) {
    const acquire_outcome outcome = round.outcome();
    if (outcome == acquire_outcome::held) {
        return {.end = wait_end::held};
    }
    if (outcome != acquire_outcome::stale) {
        outdated_in_a_row_ = 0;
    } else if (++outdated_in_a_row_ <= max_outdated_in_a_row) {
        // Not an attempt that somebody else won: only our ballot was behind.
        return on_timer(now);
    }
    last_ = outcome;
    ++attempts_;
    if (last_ == acquire_outcome::contended || last_ == acquire_outcome::split) {
        failures_in_a_row_ = 0;
        unavailable_since_ = never;
    } else if (++failures_in_a_row_ == 1) {
        unavailable_since_ = round.started();
    }
    if (settings_.attempt_limit != 0 && attempts_ >= settings_.attempt_limit) {
        return {.end = verdict_of(last_, wait_end::contended)};
    }
    if (out_of_patience(now)) {
        return {.end = wait_end::unavailable};
    }
    const instant next = saturating_add(now, delay_after(round, now, random, tracking, elsewhere));
    look_at_ = std::min(next, settings_.deadline);
    return {.wait_until = look_at_};
}

duration wait_session::delay_after(const acquire_round& round, instant now, double random,
                                   node_set tracking, bool elsewhere) {
    if (settings_.delay_max > duration{0}) {
        return settings_.delay_min + scaled(settings_.delay_max - settings_.delay_min, random);
    }
    switch (last_) {
        case acquire_outcome::split: {
            waits_in_a_row_ = 0;
            const duration round_trip = std::max(now - round.started(), shortest_round_trip);
            return scaled(doubled(round_trip, ++splits_in_a_row_, longest_split_wait), random);
        }
        case acquire_outcome::contended:
            splits_in_a_row_ = 0;
            return while_held(round, now, random, tracking, elsewhere);
        default: {
            const duration cap =
                doubled(first_unavailable_wait, failures_in_a_row_ - 1, longest_unavailable_wait);
            return cap / 2 + scaled(cap / 2, random);
        }
    }
}

duration wait_session::while_held(const acquire_round& round, instant now, double random,
                                  node_set tracking, bool elsewhere) {
    duration longest = longest_silence + scaled(longest_silence / 10, random);
    const instant free_at = round.quorum_free_at(changed_);
    if (elsewhere || free_at <= now || quorum_may_be_free(round, tracking)) {
        // Nobody may tell: look again and again.
        const duration cap = doubled(first_wait, ++waits_in_a_row_, longest_wait);
        longest = cap / 2 + scaled(cap / 2, random);
    } else {
        waits_in_a_row_ = 0;
    }
    if (round.is_held_by_readers()) {
        longest = std::min(longest, look_behind_readers);
    }
    return free_at > now ? std::min(longest, free_at - now) : longest;
}

/// Whether a quorum may be free without our having been told.
bool wait_session::quorum_may_be_free(const acquire_round& round, node_set tracking) const {
    const node_set surely_held = (round.busy() & tracking) - changed_;
    return round.nodes() - surely_held.size() >= quorum_of(round.nodes());
}

wait_session::step wait_session::on_changed(node_index node, const acquire_round* round,
                                            instant now, node_set tracking, bool elsewhere) {
    // A node tells of several that would do, one after the other.
    const bool news = elsewhere || !changed_.contains(node);
    changed_.insert(node);
    // Rivals who split the votes give back what they got, and would all come again at once.
    const bool parts_from_rivals = last_ == acquire_outcome::split && !elsewhere;
    if (!news || round == nullptr || parts_from_rivals) {
        return {};
    }
    // Where too few have changed, the other leases may end sooner than those that were waited for.
    const instant free_at = elsewhere || quorum_may_be_free(*round, tracking)
                                ? now
                                : std::max(now, round->quorum_free_at(changed_));
    const auto politely = static_cast<int>(std::min(round->ahead(), most_waited_for));
    const instant look_at = saturating_add(free_at, politely * time_to_come_first);
    if (look_at >= look_at_) {
        return {};
    }
    look_at_ = look_at;
    return {.wait_until = look_at};
}

bool wait_session::out_of_patience(instant now) const {
    return unavailable_since_ != never && now - unavailable_since_ >= settings_.quorum_timeout;
}

wait_session::step wait_session::on_found_taken(acquire_outcome outcome, instant now) {
    last_ = outcome;
    return on_timer(now);
}

wait_session::step wait_session::on_timer(instant now) {
    if (now >= settings_.deadline) {
        return {.end = verdict_of(last_, wait_end::timed_out)};
    }
    return {.start_round = true};
}

wait_end wait_session::on_deadline(acquire_outcome outcome) const {
    // A round that had no time to be answered, or whose ballot was only behind, says nothing about
    // who holds the lock; the one before it does.
    const bool says_nothing =
        outcome == acquire_outcome::unavailable || outcome == acquire_outcome::stale;
    if (says_nothing && last_ != acquire_outcome::pending) {
        return verdict_of(last_, wait_end::timed_out);
    }
    return verdict_of(outcome, wait_end::timed_out);
}

}  // namespace redlock::core
