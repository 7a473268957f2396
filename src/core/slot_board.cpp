#include "core/slot_board.hpp"

#include <algorithm>
#include <cassert>

#include "core/quorum.hpp"

namespace redlock::core {

slot_board::slot_board(std::size_t slots, std::size_t nodes) : nodes_(nodes), slots_(slots) {
    assert(slots > 0 && nodes > 0);
}

void slot_board::on_free(std::size_t slot, node_index node) {
    slots_[slot].taken.erase(node);
    slots_[slot].free.insert(node);
    assert(is_consistent(slots_[slot]));
}

void slot_board::on_taken(std::size_t slot, node_index node) {
    slots_[slot].free.erase(node);
    slots_[slot].taken.insert(node);
    assert(is_consistent(slots_[slot]));
}

void slot_board::on_changed(std::size_t slot, node_index node) {
    slots_[slot].free.erase(node);
    slots_[slot].taken.erase(node);
}

void slot_board::forget_taken() {
    for (entry& each : slots_) {
        each.taken = {};
    }
}

void slot_board::begin_asking(std::size_t slot) {
    ++slots_[slot].asking;
}

void slot_board::end_asking(std::size_t slot) {
    assert(slots_[slot].asking > 0);
    --slots_[slot].asking;
}

void slot_board::on_held(std::size_t slot) {
    slots_[slot].free = slots_[slot].taken = {};
    // Another holder of this process may have lost it without our knowing.
    held_ += ++slots_[slot].holding == 1 ? 1U : 0U;
}

void slot_board::on_given_back(std::size_t slot) {
    end_holding(slots_[slot]);
    slots_[slot].free = node_set::all(nodes_);
    slots_[slot].taken = {};
}

void slot_board::on_gone(std::size_t slot) {
    end_holding(slots_[slot]);
    slots_[slot].free = slots_[slot].taken = {};
}

void slot_board::end_holding(entry& its) {
    assert(its.holding > 0);
    held_ -= --its.holding == 0 ? 1U : 0U;
}

bool slot_board::is_consistent(const entry& its) const {
    return (its.free & its.taken).empty() &&
           ((its.free | its.taken) - node_set::all(nodes_)).empty();
}

slot_board::view slot_board::view_of(const entry& its) const {
    if (its.asking > 0 || its.holding > 0) {
        return view::ours;
    }
    if (its.free.size() >= quorum_of(nodes_)) {
        return view::free;
    }
    if (its.taken.size() > tolerated_by(nodes_)) {
        return view::taken;
    }
    return (its.free | its.taken).size() < quorum_of(nodes_) ? view::unknown : view::uncertain;
}

std::size_t slot_board::best(double random) const {
    const auto begin = static_cast<std::size_t>(random * static_cast<double>(slots_.size()));
    std::size_t found = begin;
    view seen = view::ours;
    for (std::size_t i = 0; i < slots_.size() && seen != view::free; ++i) {
        const std::size_t at = (begin + i) % slots_.size();
        if (const view its = view_of(slots_[at]); its < seen) {
            found = at;
            seen = its;
        }
    }
    return found;
}

std::optional<std::size_t> slot_board::pick(double random) const {
    const std::size_t found = best(random);
    return view_of(slots_[found]) <= view::unknown ? std::optional{found} : std::nullopt;
}

bool slot_board::may_have_free_beside(std::size_t slot) const {
    for (std::size_t other = 0; other < slots_.size(); ++other) {
        if (other != slot && view_of(slots_[other]) <= view::unknown) {
            return true;
        }
    }
    return false;
}

std::size_t slot_board::pick_any(double random, std::optional<std::size_t> last) const {
    const std::size_t found = best(random);
    const view its = view_of(slots_[found]);
    // There the line knows it already. What is neither free nor taken for sure has to be tried.
    const bool stays = last && its >= view::taken && view_of(slots_[*last]) <= its;
    return stays ? *last : found;
}

void slot_board::on_confirmed(instant then, duration lifetime) {
    confirmed_until_ = std::max(confirmed_until_, saturating_add(then, lifetime / 2));
}

}  // namespace redlock::core
