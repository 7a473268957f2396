#include "core/acquire_round.hpp"

#include <algorithm>
#include <cassert>

#include "core/names.hpp"
#include "core/quorum.hpp"
#include "core/validity.hpp"

namespace redlock::core {

std::string_view to_string(acquire_outcome outcome) noexcept {
    return name_in<acquire_outcome::cancelled>(
        {"pending", "held", "contended", "split", "stale", "unavailable", "too late", "cancelled"},
        outcome);
}

acquire_round::acquire_round(std::size_t nodes, std::chrono::milliseconds lease_time,
                             instant started, std::chrono::milliseconds clock_step)
    : nodes_(nodes),
      started_(started),
      backing_(core::valid_until(started, lease_time, clock_step), step_of(lease_time, clock_step)),
      pending_(node_set::all(nodes)) {}

acquire_effects acquire_round::on_vote(node_index node, const acquire_vote& vote, instant now) {
    const bool late_reply = unknown_.contains(node);
    if (!pending_.contains(node) && !late_reply) {
        return {};
    }
    unknown_.erase(node);
    pending_.erase(node);
    if (!vote.counts && vote.answer != acquire_answer::unknown) {
        return on_vote_without_weight(node, vote.answer, now);
    }
    record(node, vote, now);
    assert(each_node_is_counted_once());
    if (outcome_ == acquire_outcome::pending) {
        return decide_now(now);
    }
    // Held: a late grant belongs to the lock, and `granted_` has it now. Otherwise every node that
    // was in doubt is sent a release, which comes behind the ACQUIRE or bars it.
    return {};
}

/// The node was asked while it had a vote, or while nobody knew, and has turned out to have none.
acquire_effects acquire_round::on_vote_without_weight(node_index node, acquire_answer answer,
                                                      instant now) {
    const bool decided = outcome_ != acquire_outcome::pending;
    quarantined_.insert(node);
    assert(each_node_is_counted_once());
    acquire_effects effects = decided ? acquire_effects{} : decide_now(now);
    // Nobody may find our token there and take it for a vote. If the round was lost before, a
    // release is behind the ACQUIRE already.
    if (answer == acquire_answer::granted && (!decided || outcome_ == acquire_outcome::held)) {
        effects.release.insert(node);
    }
    return effects;
}

bool acquire_round::each_node_is_counted_once() const {
    return node_set::is_partition(node_set::all(nodes_),
                                  {pending_, granted_, unknown_, outdated_, fence_ahead_,
                                   not_executed_, quarantined_, busy_});
}

void acquire_round::record(node_index node, const acquire_vote& vote, instant now) {
    switch (vote.answer) {
        case acquire_answer::granted:
            granted_.insert(node);
            backing_.add(node, vote.stepped);
            break;
        case acquire_answer::busy:
            busy_.insert(node);
            holders_.push_back(
                {node, vote.holder,
                 vote.holder_remaining ? saturating_add(now, *vote.holder_remaining) : never,
                 vote.ahead});
            break;
        case acquire_answer::stale:
            outdated_.insert(node);
            largest_fence_ = std::max(largest_fence_, vote.fence);
            break;
        case acquire_answer::out_of_window:
            outdated_.insert(node);
            offsets_us_.push_back(vote.offset_us);
            break;
        case acquire_answer::fence_ahead:
            fence_ahead_.insert(node);
            break;
        case acquire_answer::quarantined:
            quarantined_.insert(node);
            break;
        case acquire_answer::not_executed:
            not_executed_.insert(node);
            break;
        case acquire_answer::unknown:
            unknown_.insert(node);
            break;
    }
}

acquire_effects acquire_round::decide_now(instant now) {
    const std::size_t against = nodes_ - pending_.size() - granted_.size();
    switch (decide(nodes_, granted_.size(), against)) {
        case verdict::pending:
            return {};
        case verdict::lost:
            return give_up(why_lost());
        case verdict::won:
            break;
    }
    if (now >= valid_until()) {
        return give_up(acquire_outcome::too_late);
    }
    outcome_ = acquire_outcome::held;
    return {.release = {}, .release_doubtful = {}, .finished = true};
}

acquire_effects acquire_round::on_deadline() {
    if (outcome_ != acquire_outcome::pending) {
        return {};
    }
    unknown_ = unknown_ | pending_;
    pending_ = {};
    return give_up(why_lost());
}

acquire_effects acquire_round::cancel() {
    if (outcome_ != acquire_outcome::pending && outcome_ != acquire_outcome::held) {
        return {};
    }
    return give_up(acquire_outcome::cancelled);
}

acquire_effects acquire_round::give_up(acquire_outcome outcome) {
    outcome_ = outcome;
    return {.release = granted_, .release_doubtful = doubtful(), .finished = true};
}

acquire_outcome acquire_round::why_lost() const {
    const std::size_t unheard =
        unknown_.size() + not_executed_.size() + quarantined_.size() + fence_ahead_.size();
    if (unheard > tolerated_by(nodes_)) {
        return acquire_outcome::unavailable;
    }
    if (holders_.empty()) {
        return outdated_.empty() ? acquire_outcome::unavailable : acquire_outcome::stale;
    }
    // Nodes that have not answered may side with the largest holder.
    const std::size_t silent = pending_.size() + unheard;
    return largest_holding() + silent >= quorum_of(nodes_) ? acquire_outcome::contended
                                                           : acquire_outcome::split;
}

std::size_t acquire_round::largest_holding() const {
    std::size_t largest = 0;
    for (const auto& candidate : holders_) {
        const auto same = std::ranges::count(holders_, candidate.holder, &holder_lease::holder);
        largest = std::max(largest, static_cast<std::size_t>(same));
    }
    return largest;
}

bool acquire_round::reports(std::uint64_t holder) const {
    return std::ranges::find(holders_, holder, &holder_lease::holder) != holders_.end();
}

std::size_t acquire_round::ahead() const {
    if (holders_.empty()) {
        return 0;
    }
    std::vector<std::size_t> places;
    places.reserve(holders_.size());
    for (const auto& each : holders_) {
        places.push_back(each.ahead);
    }
    const auto middle = places.begin() + static_cast<std::ptrdiff_t>((places.size() - 1) / 2);
    std::nth_element(places.begin(), middle, places.end());
    return *middle;
}

std::vector<std::int64_t> acquire_round::offsets_us() const {
    const bool in_the_way =
        outcome_ == acquire_outcome::stale || offsets_us_.size() > tolerated_by(nodes_);
    return in_the_way ? offsets_us_ : std::vector<std::int64_t>{};
}

bool acquire_round::refused_by_clocks() const {
    return !offsets_us().empty();
}

instant acquire_round::quorum_free_at(node_set changed) const {
    std::vector<instant> ends;
    ends.reserve(holders_.size());
    for (const auto& holding : holders_) {
        if (!changed.contains(holding.node)) {
            ends.push_back(holding.ends);
        }
    }
    // Nodes not known to be held are taken for free; then some of the held ones are needed, those
    // whose leases end first.
    const std::size_t free = nodes_ - ends.size();
    const std::size_t quorum = quorum_of(nodes_);
    if (free >= quorum) {
        return started_;
    }
    const auto last_needed = ends.begin() + static_cast<std::ptrdiff_t>(quorum - free - 1);
    std::nth_element(ends.begin(), last_needed, ends.end());
    return *last_needed;
}

}  // namespace redlock::core
