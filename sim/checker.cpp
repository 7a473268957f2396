#include "sim/checker.hpp"

#include <algorithm>

namespace redlock::sim {

std::string_view to_string(check which) noexcept {
    switch (which) {
        case check::exclusion:
            return "exclusion";
        case check::permits:
            return "more permits than there are";
        case check::early_vote:
            return "held without a majority";
        case check::token_order:
            return "token order";
        case check::token_twice:
            return "token given twice";
        case check::store:
            return "store";
        case check::resurrection:
            return "resurrection";
        case check::over_already:
            return "over already";
        case check::not_told:
            return "not told";
        case check::late_extend:
            return "extension after validity";
        case check::thin_extend:
            return "extended without a majority";
        case check::broken_hold:
            return "broken hold";
        case check::shortened:
            return "validity shortened";
        case check::unheard:
            return "deaf to a clock that was set";
        case check::starved:
            return "starved";
        case check::fence_prolonged:
            return "fence prolonged";
        case check::line_ignored:
            return "line ignored";
        case check::yielded_to_none:
            return "yielded to nobody";
        case check::in_part:
            return "some of several names only";
        case check::not_taken_back:
            return "not taken back";
        case check::left_over:
            return "left over";
        case check::left_free:
            return "left free";
        case check::overdue:
            return "overdue";
        case check::unanswered:
            return "unanswered";
        case check::refused_again:
            return "refused by clocks again";
        case check::false_release:
            return "false release";
    }
    return "?";
}

void checker::begin(const assumptions& judged, std::size_t nodes, coverage& seen) {
    judged_ = judged;
    nodes_ = nodes;
    seen_ = &seen;
    found_.reset();
    holds_.clear();
    gone_.clear();
    taken_away_.clear();
    for (auto& each : resources_) {
        each = {};
    }
}

void checker::condemn(check what, tick at, std::uint64_t one, std::uint64_t other) {
    if (!found_) {
        found_ = violation{what, at, one, other};
    }
}

void checker::compare_with_believers(const holding& what, hold self, tick now) {
    auto& believing = resources_[what.resource].believing;
    std::erase_if(believing, [&](hold each) { return holds_[each].until <= now; });
    for (const hold each : believing) {
        const holding& other = holds_[each];
        if (each == self || (what.shared && other.shared)) {
            continue;
        }
        if (judged_.exclusion && !is_outside(other) && !is_outside(what)) {
            condemn(check::exclusion, now, other.fencing, what.fencing);
        } else {
            seen_->note(rule::overlap_outside_assumptions);
        }
    }
}

checker::hold checker::acquired(const acquisition& what, tick now) {
    const auto number = static_cast<hold>(holds_.size());
    const std::size_t nodes = what.nodes == 0 ? nodes_ : what.nodes;
    auto& view = resources_[what.resource];
    holds_.push_back({what.resource, what.token, what.fencing, what.begun, now, what.until, nodes,
                      what.shared, view.newest_writer});
    // What was taken back while the votes came in, since it did not count, may be planted again.
    std::erase_if(gone_, [&](const ending& each) { return each.token == what.token; });
    // Without fencing no grant tells a time: a step that is found just then counts against the
    // lock, though it may have come before.
    if (what.until <= now && what.fencing != 0) {
        condemn(check::over_already, now, what.fencing);
    }
    if (judged_.tokens && what.votes * 2 <= nodes) {
        condemn(check::early_vote, now, what.fencing, what.votes);
    }
    if (judged_.tokens && what.fencing != 0) {
        if (what.fencing <= what.floor) {
            condemn(check::token_order, now, what.floor, what.fencing);
        }
        // Readers are in no order among themselves, and may have the same.
        const auto& others = what.shared ? view.tokens_of_writers : view.tokens;
        if (std::find(others.begin(), others.end(), what.fencing) != others.end()) {
            condemn(check::token_twice, now, what.fencing);
        }
    }
    view.tokens.push_back(what.fencing);
    const holding& what_is = holds_[number];
    compare_with_believers(what_is, number, now);
    view.largest = std::max(view.largest, what.fencing);
    if (!is_outside(what_is)) {
        view.newest = number;
    }
    if (!what.shared) {
        view.tokens_of_writers.push_back(what.fencing);
        view.largest_of_writers = std::max(view.largest_of_writers, what.fencing);
        if (!is_outside(what_is)) {
            view.newest_writer = number;
        }
    }
    view.believing.push_back(number);
    return number;
}

checker::hold checker::take(const acquisition& what, tick now) {
    for (std::size_t earlier = holds_.size(); earlier-- > 0;) {
        if (holds_[earlier].token == what.token && holds_[earlier].resource == what.resource) {
            return handed_over(static_cast<hold>(earlier), what.fencing, what.until, now);
        }
    }
    return acquired(what, now);
}

checker::hold checker::handed_over(hold from, std::uint64_t fencing, tick until, tick now) {
    ended(from, now);
    // As a pair they are one holding on the nodes, which began when the first did.
    const holding old = holds_[from];
    return acquired({.resource = old.resource,
                     .token = old.token,
                     .fencing = fencing,
                     .begun = old.begun,
                     .floor = old.fencing,
                     .votes = old.nodes,
                     .nodes = old.nodes,
                     .until = until},
                    now);
}

void checker::extended(hold which, tick until, std::size_t still_held, tick now) {
    holding& it = holds_[which];
    if (now >= it.until) {
        condemn(check::late_extend, now, it.fencing);
    }
    if (judged_.tokens && still_held * 2 <= it.nodes) {
        condemn(check::thin_extend, now, it.fencing, still_held);
    }
    if (until < it.until) {
        condemn(check::shortened, now, it.fencing);
    }
    const resource_view& view = resources_[it.resource];
    const auto& newest = it.shared ? view.newest_writer : view.newest;
    const bool unbroken = it.shared ? newest == it.writer_before : newest == which;
    if (judged_.exclusion && !is_outside(it) && !unbroken) {
        condemn(check::broken_hold, now, it.fencing, holds_[*newest].fencing);
    }
    it.until = std::max(it.until, until);
    compare_with_believers(it, which, now);
}

void checker::shortened(hold which, tick until) {
    holds_[which].until = std::min(holds_[which].until, until);
}

void checker::downgraded(hold which) {
    holding& it = holds_[which];
    it.shared = true;
    it.writer_before = resources_[it.resource].newest_writer;
}

void checker::ended(hold which, tick now) {
    holding& it = holds_[which];
    it.until = std::min(it.until, now);
    std::erase(resources_[it.resource].believing, which);
}

void checker::taken_away(std::uint64_t token) {
    if (token >= taken_away_.size()) {
        taken_away_.resize(token + 1, false);
    }
    taken_away_[token] = true;
}

bool checker::wrote(hold which, bool writes, tick now) {
    const holding& it = holds_[which];
    auto& view = resources_[it.resource];
    if (it.fencing == 0) {
        seen_->note(rule::unfenced_write);
        return true;
    }
    if (it.fencing < view.store_largest || (writes && it.fencing < view.store_largest_read)) {
        seen_->note(rule::store_refused);
        return false;
    }
    tick newest_begun = view.store_newest_begun;
    if (writes) {
        newest_begun = std::max(newest_begun, view.store_newest_read_begun);
    }
    if (judged_.tokens && it.completed < newest_begun) {
        condemn(check::store, now, it.fencing);
    }
    auto& largest = writes ? view.store_largest : view.store_largest_read;
    largest = std::max(largest, it.fencing);
    auto& begun = writes ? view.store_newest_begun : view.store_newest_read_begun;
    begun = std::max(begun, it.begun);
    return true;
}

void checker::gone(std::uint64_t token, std::size_t node, tick barred_until, bool in_window) {
    gone_.push_back({token, node, barred_until, in_window});
}

void checker::planted(std::uint64_t token, std::size_t node, bool by_extension, tick now) {
    for (const ending& each : gone_) {
        if (each.token != token || each.node != node) {
            continue;
        }
        if (now > each.barred_until && (by_extension || !each.in_window)) {
            seen_->note(by_extension ? rule::heal_after_the_fence : rule::grant_after_the_fence);
        } else if (judged_.tokens) {
            condemn(check::resurrection, now, token, node);
        }
    }
}

}  // namespace redlock::sim
