#include "core/release_round.hpp"

#include <cassert>

#include "core/names.hpp"
#include "core/quorum.hpp"

namespace redlock::core {

std::string_view to_string(release_outcome outcome) noexcept {
    return name_in<release_outcome::indeterminate>(
        {"pending", "released", "gone", "unavailable", "indeterminate"}, outcome);
}

release_round::release_round(std::size_t nodes, const release_targets& targets)
    : nodes_(nodes),
      doubtful_(targets.doubtful),
      following_(targets.following),
      pending_(targets.all()),
      absent_(node_set::all(nodes) - targets.all()) {
    assert((targets.following - targets.doubtful).empty());
    decide_now();
}

bool release_round::on_vote(node_index node, release_answer answer) {
    if (outcome_ != release_outcome::pending || !pending_.contains(node)) {
        return false;
    }
    pending_.erase(node);
    switch (answer) {
        case release_answer::removed:
            removed_.insert(node);
            break;
        case release_answer::absent:
            absent_.insert(node);
            break;
        case release_answer::unknown:
            unknown_.insert(node);
            break;
        case release_answer::not_executed:
            break;
    }
    assert(node_set::is_partition(pending_ | removed_ | absent_ | unknown_,
                                  {pending_, removed_, absent_, unknown_}));
    return decide_now();
}

void release_round::on_connection_lost(node_index node) {
    following_.erase(node);
}

bool release_round::bars(node_index node) const {
    return doubtful_.contains(node) && !following_.contains(node);
}

bool release_round::decide_now() {
    if (removed_.size() >= quorum_of(nodes_)) {
        outcome_ = release_outcome::released;
    } else if (absent_.size() > tolerated_by(nodes_)) {
        outcome_ = release_outcome::gone;
    } else if (removed_.size() + pending_.size() < quorum_of(nodes_) &&
               absent_.size() + pending_.size() <= tolerated_by(nodes_)) {
        // Neither can be had any more: one slow node must not be waited for.
        if (!unknown_.empty() || !removed_.empty()) {
            outcome_ = release_outcome::indeterminate;
        } else if (pending_.empty()) {
            outcome_ = release_outcome::unavailable;
        }
    }
    return outcome_ != release_outcome::pending;
}

}  // namespace redlock::core
