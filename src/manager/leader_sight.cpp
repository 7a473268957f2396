#include "manager/leader_sight.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/quorum.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

namespace {

/// Of a node that was not asked yet.
node_status not_seen(node_index node) {
    node_status view;
    view.node = node;
    view.error = node_errc::no_answer;
    return view;
}

}  // namespace

leader_sight::leader_sight(std::size_t nodes, std::optional<leader_view> seen,
                           std::chrono::milliseconds quorum_timeout, core::instant now)
    : all_(core::node_set::all(nodes)),
      seen_(std::move(seen)),
      quorum_timeout_(quorum_timeout),
      unseen_(all_),
      ends_(nodes, core::never),
      patience_ends_(core::saturating_add(now, quorum_timeout)) {
    for (node_index node = 0; node < nodes; ++node) {
        views_.push_back(not_seen(node));
    }
}

void leader_sight::on_timer(core::instant now) {
    if (fallback_at_ <= now) {
        unseen_ = all_;
    }
    // A node may tell late that a lease has ended.
    for (node_index node = 0; node < ends_.size(); ++node) {
        if (ends_[node] <= now) {
            ends_[node] = core::never;
            unseen_.insert(node);
        }
    }
}

core::node_set leader_sight::take_unseen() {
    // Who is being asked is asked again behind the answer, which may be from before the change.
    const core::node_set those = unseen_ - asked_;
    unseen_ = unseen_ & asked_;
    asked_ = asked_ | those;
    if (!those.empty()) {
        fallback_at_ = core::never;
    }
    return those;
}

void leader_sight::on_view(const node_status& view, core::instant now) {
    assert(view.node < views_.size());
    asked_.erase(view.node);
    views_[view.node] = view;
    ends_[view.node] =
        !view.error && view.remaining
            ? core::saturating_add(core::saturating_add(now, *view.remaining), first_wait)
            : core::never;
    if (view.error) {
        answered_.erase(view.node);
    } else {
        answered_.insert(view.node);
    }
    judge_again(now);
}

void leader_sight::judge_again(core::instant now) {
    resource_status status = judge({}, views_);
    if (status.verdict != lock_verdict::unknown) {
        patience_ends_ = core::never;
    } else if (patience_ends_ == core::never) {
        patience_ends_ = core::saturating_add(now, quorum_timeout_);
    }
    news_.reset();
    leader_view leader;
    // Nobody leads by a lock that others share.
    if (status.verdict == lock_verdict::held && status.mode == lock_mode::exclusive) {
        leader = {.token = status.holder,
                  .term = status.fencing,
                  .label = std::move(status.label),
                  .proclaimed = std::move(status.proclaimed),
                  .edition = status.edition};
    } else if (status.verdict != lock_verdict::free && status.verdict != lock_verdict::held) {
        return;  // Something goes on there, or cannot be seen.
    }
    if (is_news(leader)) {
        news_ = std::move(leader);
    }
}

/// A node that has missed the latest edition may be the only one that answers.
bool leader_sight::is_news(const leader_view& now) const {
    return !seen_ || now.token != seen_->token || now.term > seen_->term ||
           now.edition > seen_->edition;
}

core::instant leader_sight::next_look(core::instant now, core::node_set tracking) {
    if (!(unseen_ - asked_).empty()) {
        return now;
    }
    if (asked_.empty() && fallback_at_ == core::never) {
        const core::node_set told = answered_ & tracking;
        const bool blind = told.size() < core::quorum_of(all_.size());
        core::duration wait = longest_silence;
        if (blind) {
            wait = std::min(longest_wait, first_wait * (1U << std::min(waits_in_a_row_++, 10UL)));
        } else {
            waits_in_a_row_ = 0;
        }
        fallback_at_ = core::saturating_add(now, wait);
    }
    return std::min({fallback_at_, *std::min_element(ends_.begin(), ends_.end()), patience_ends_});
}

}  // namespace redlock::manager
