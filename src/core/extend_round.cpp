#include "core/extend_round.hpp"

#include <algorithm>
#include <cassert>

#include "core/names.hpp"
#include "core/quorum.hpp"
#include "core/validity.hpp"

namespace redlock::core {

std::string_view to_string(extend_outcome outcome) noexcept {
    return name_in<extend_outcome::indeterminate>(
        {"pending", "extended", "gone", "expired", "unavailable", "indeterminate"}, outcome);
}

extend_round::extend_round(std::size_t nodes, std::chrono::milliseconds lease_time, instant started,
                           instant old_valid_until, std::chrono::milliseconds clock_step)
    : nodes_(nodes),
      started_(started),
      valid_until_(old_valid_until),
      backing_(core::valid_until(started, lease_time, clock_step), step_of(lease_time, clock_step)),
      outcome_(started < old_valid_until ? extend_outcome::pending : extend_outcome::expired),
      pending_(node_set::all(nodes)) {}

bool extend_round::on_vote(node_index node, extend_answer answer, instant now, bool counts,
                           duration stepped) {
    if (!pending_.contains(node) && !unknown_.contains(node)) {
        return false;
    }
    record(node, answer, counts, stepped);
    assert(each_node_is_counted_once());
    return outcome_ == extend_outcome::pending && decide_now(now);
}

void extend_round::on_shortened(instant old_valid_until) {
    if (outcome_ == extend_outcome::pending) {
        valid_until_ = std::min(valid_until_, old_valid_until);
    }
}

void extend_round::record(node_index node, extend_answer answer, bool counts, duration stepped) {
    pending_.erase(node);
    unknown_.erase(node);
    switch (answer) {
        case extend_answer::extended:
            (counts ? extended_ : without_weight_).insert(node);
            if (counts) {
                backing_.add(node, stepped);
            }
            break;
        case extend_answer::replanted:
            replanted_.insert(node);
            without_us_.insert(node);  // until now
            break;
        case extend_answer::taken:
        case extend_answer::missing:
            without_us_.insert(node);
            break;
        case extend_answer::not_executed:
            not_executed_.insert(node);
            break;
        case extend_answer::unknown:
            unknown_.insert(node);
            break;
    }
}

bool extend_round::each_node_is_counted_once() const {
    return node_set::is_partition(node_set::all(nodes_), {pending_, extended_, without_weight_,
                                                          without_us_, unknown_, not_executed_}) &&
           (replanted_ - without_us_).empty();
}

bool extend_round::decide_now(instant now) {
    if (now >= valid_until_) {
        return finish(extend_outcome::expired);
    }
    switch (decide(nodes_, extended_.size(), nodes_ - pending_.size() - extended_.size())) {
        case verdict::pending:
            return false;
        case verdict::won:
            valid_until_ = std::max(valid_until_, backing_.valid_until());
            return finish(extend_outcome::extended);
        case verdict::lost:
            break;
    }
    if (without_us_.size() > tolerated_by(nodes_)) {
        return finish(extend_outcome::gone);
    }
    if (!pending_.empty() && without_us_.size() + pending_.size() > tolerated_by(nodes_)) {
        // The lock cannot be extended now, but whether it is gone is still worth knowing.
        return false;
    }
    const node_set written = holding() | without_weight_;
    return finish(unknown_.empty() && written.empty() ? extend_outcome::unavailable
                                                      : extend_outcome::indeterminate);
}

bool extend_round::finish(extend_outcome outcome) {
    outcome_ = outcome;
    return true;
}

}  // namespace redlock::core
