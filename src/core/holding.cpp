#include "core/holding.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace redlock::core {

holding::holding(round_ptr<acquire_round> round)
    : started_(round->started()),
      valid_until_(round->valid_until()),
      won_by_(std::move(round)),
      attached_(false) {
    assert(won_by_->outcome() == acquire_outcome::held);
}

holding::holding(instant started, core::backing lease, node_set granted, node_set doubtful)
    : started_(started),
      valid_until_(lease.valid_until()),
      lease_(std::move(lease)),
      granted_(granted),
      doubtful_(doubtful),
      keeps_lease_(true) {}

std::optional<node_index> holding::cut_short_by() const {
    return cut_short_by_ == nobody ? std::nullopt : std::optional<node_index>{cut_short_by_};
}

node_set holding::granted() const {
    node_set those = granted_;
    if (won_by_) {
        those = those | won_by_->granted();
    }
    for_each_extension([&](const extend_round& each) { those = those | each.holding(); });
    return those;
}

node_set holding::doubtful() const {
    return ((won_by_ ? won_by_->doubtful() : doubtful_) - granted_) | planted();
}

/// Where an unanswered extension may have planted the lock, or may still.
node_set holding::planted() const {
    node_set those = planted_;
    for_each_extension([&](const extend_round& each) { those = those | each.may_plant(); });
    return those;
}

/// Of the doubtful nodes, those whose answer to the ACQUIRE is still due on the same connection.
node_set holding::still_asked() const {
    return won_by_ ? won_by_->pending() - granted_ : node_set{};
}

release_targets holding::targets() const {
    return {granted(), doubtful(), still_asked() - planted()};
}

void holding::extend(round_ptr<extend_round> round) {
    assert(round->valid_until() == valid_until_);
    forget_answered();
    round->earlier_ = std::move(extensions_);
    extensions_ = std::move(round);
}

extend_outcome holding::on_decided(const extend_round& round, const std::vector<node_clock>& clocks,
                                   instant now) {
    assert(is_kept(round));
    if (round.outcome() == extend_outcome::expired && now < valid_until_) {
        return extend_outcome::unavailable;
    }
    if (round.outcome() == extend_outcome::extended) {
        if (round.backing().valid_until() >= valid_until_) {
            for_each_extension([&](extend_round& each) { each.gave_the_lease_ = &each == &round; });
            cut_short_by_ = nobody;
        }
        started_ = round.started();
        valid_until_ = std::max(round.backing().valid_until(clocks), valid_until_);
    }
    return round.outcome();
}

bool holding::is_kept(const extend_round& round) const {
    bool kept = false;
    for_each_extension([&](const extend_round& each) { kept = kept || &each == &round; });
    return kept;
}

bool holding::on_clocks_set(const std::vector<node_clock>& clocks, std::optional<node_index> node) {
    const instant until = backing().valid_until(clocks);
    if (until >= valid_until_) {
        return false;
    }
    valid_until_ = until;
    cut_short_by_ = node ? static_cast<std::uint8_t>(*node) : nobody;
    for_each_extension([&](extend_round& each) { each.on_shortened(until); });
    return true;
}

const core::backing& holding::backing() const {
    const core::backing* its = keeps_lease_ ? &lease_ : &won_by_->backing();
    for_each_extension(
        [&](const extend_round& each) { its = each.gave_the_lease_ ? &each.backing() : its; });
    return *its;
}

void holding::close_rounds() {
    if (won_by_) {
        won_by_->close();
    }
    for_each_extension([](extend_round& each) { each.close(); });
}

void holding::settle() {
    for (; extensions_ != nullptr; extensions_ = std::move(extensions_->earlier_)) {
        keep(*extensions_);
    }
}

void holding::forget_answered() {
    for (auto* next = &extensions_; *next != nullptr;) {
        if (!(*next)->pending().empty()) {
            next = &(*next)->earlier_;
            continue;
        }
        keep(**next);
        *next = std::move((*next)->earlier_);
    }
    // A node in doubt may yet be asked again, unless `close_rounds` says no.
    if (won_by_ && won_by_->doubtful().empty()) {
        if (!keeps_lease_) {
            lease_ = won_by_->backing();
            keeps_lease_ = true;
        }
        granted_ = granted_ | won_by_->granted();
        won_by_.reset();
    }
}

/// What it says, before it goes.
void holding::keep(const extend_round& last) {
    planted_ = planted_ | last.may_plant();
    granted_ = granted_ | last.holding();
    if (last.gave_the_lease_) {
        lease_ = last.backing();
        keeps_lease_ = true;
    }
}

}  // namespace redlock::core
