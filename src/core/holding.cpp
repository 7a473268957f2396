#include "core/holding.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace redlock::core {

holding::holding(std::shared_ptr<acquire_round> round)
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
      doubtful_(doubtful) {}

node_set holding::granted() const {
    node_set those = granted_;
    if (won_by_) {
        those = those | won_by_->granted();
    }
    for (const auto& round : extensions_) {
        those = those | round->holding();
    }
    return those;
}

node_set holding::doubtful() const {
    return ((won_by_ ? won_by_->doubtful() : doubtful_) - granted_) | planted();
}

/// Where an unanswered extension may have planted the lock, or may still.
node_set holding::planted() const {
    node_set those = planted_;
    for (const auto& round : extensions_) {
        those = those | round->may_plant();
    }
    return those;
}

/// Of the doubtful nodes, those whose answer to the ACQUIRE is still due on the same connection.
node_set holding::still_asked() const {
    return won_by_ ? won_by_->pending() - granted_ : node_set{};
}

release_targets holding::targets() const {
    return {granted(), doubtful(), still_asked() - planted()};
}

std::shared_ptr<extend_round> holding::extend(std::size_t nodes,
                                              std::chrono::milliseconds lease_time, instant now,
                                              std::chrono::milliseconds clock_step) {
    forget_answered();
    return extensions_.emplace_back(
        std::make_shared<extend_round>(nodes, lease_time, now, valid_until_, clock_step));
}

extend_outcome holding::on_decided(const std::shared_ptr<const extend_round>& round,
                                   const std::vector<node_clock>& clocks, instant now) {
    if (round->outcome() == extend_outcome::expired && now < valid_until_) {
        return extend_outcome::unavailable;
    }
    if (round->outcome() == extend_outcome::extended) {
        if (round->backing().valid_until() >= valid_until_) {
            extended_by_ = round;
            lease_.reset();
            cut_short_by_.reset();
        }
        started_ = round->started();
        valid_until_ = std::max(round->backing().valid_until(clocks), valid_until_);
    }
    return round->outcome();
}

bool holding::on_clocks_set(const std::vector<node_clock>& clocks, std::optional<node_index> node) {
    const instant until = backing().valid_until(clocks);
    if (until >= valid_until_) {
        return false;
    }
    valid_until_ = until;
    cut_short_by_ = node;
    for (const auto& round : extensions_) {
        round->on_shortened(until);
    }
    return true;
}

const core::backing& holding::backing() const {
    return extended_by_ ? extended_by_->backing() : lease_ ? *lease_ : won_by_->backing();
}

void holding::close_acquisition() {
    if (won_by_) {
        won_by_->close();
    }
}

void holding::close_extensions() {
    for (const auto& round : extensions_) {
        round->close();
    }
}

void holding::settle() {
    granted_ = granted();
    planted_ = planted();
    extensions_.clear();
}

void holding::forget_answered() {
    if (extended_by_ && extended_by_->pending().empty()) {
        lease_ = extended_by_->backing();
        extended_by_.reset();
    }
    std::erase_if(extensions_, [this](const auto& round) {
        if (!round->pending().empty()) {
            return false;
        }
        planted_ = planted_ | round->may_plant();
        granted_ = granted_ | round->holding();
        return true;
    });
    if (extensions_.empty()) {
        std::vector<std::shared_ptr<extend_round>>{}.swap(extensions_);
    }
    // A node in doubt may yet be asked again, unless `close_acquisition` says no.
    if (won_by_ && won_by_->doubtful().empty()) {
        if (!extended_by_ && !lease_) {
            lease_ = won_by_->backing();
        }
        granted_ = granted_ | won_by_->granted();
        won_by_.reset();
    }
}

}  // namespace redlock::core
