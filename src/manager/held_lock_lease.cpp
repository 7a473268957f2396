// What the validity of a held lock rests on, and what becomes of it when a node's clock is found to
// have been set: a lease that ends early by that clock shortens what is left, and the loss is
// announced in time like any other. The reckoning is core::backing's. Strand only.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "manager/held_lock.hpp"

namespace redlock::manager {

std::string held_lock::why_it_ends() const {
    std::string why = won_.renews ? "the lease could not be renewed in time"
                                  : "the lease ends and was not extended";
    if (set_clock_) {
        why += "; it ends early, since the clock of " + manager_->nodes().names()[*set_clock_] +
               " was set forward";
    }
    return why;
}

/// Also what the nodes have said so far to the extension that is under way, and who is silent.
/// `due`: when the alarm ought to have come that has found, `now`, that the time is up.
diagnostics held_lock::why_not_renewed(core::instant due, core::instant now) const {
    if (due < renewal_.loss_announced_at()) {
        return manager_->explain(
            fmt::format("{}: the event loop came to it {:.1f} s late", why_it_ends(),
                        std::chrono::duration<double>(now - due).count()),
            {});
    }
    driver::failures those;
    if (!extensions_.empty() &&
        extensions_.back()->round().outcome() == core::extend_outcome::pending) {
        those = extensions_.back()->why();
        extensions_.back()->round().pending().for_each([&](node_index node) {
            those.note(node, node_errc::no_answer, "not in the time that was left");
        });
    }
    if (those.empty() && extension_failed_) {
        diagnostics why = last_error();
        why.message = why_it_ends();
        return why;
    }
    return manager_->explain(why_it_ends(), those);
}

/// An extension has succeeded. The validity rests on it from now on, unless it has asked for less
/// than was left.
void held_lock::take_lease_of(const driver::extend_attempt& attempt) {
    const auto& round = attempt.round();
    for (const auto& each : extensions_) {
        if (each.get() == &attempt && round.backing().valid_until() >= valid_until()) {
            won_.extended_by = each;
            set_clock_.reset();
        }
    }
    won_.started = round.started();
    end_at(std::max(round.backing().valid_until(manager_->nodes().clocks()), valid_until()));
    renewal_.on_extended(round.started(), won_.valid_until);
}

void held_lock::end_at(core::instant until) {
    won_.valid_until = until;
    valid_until_.store(until.time_since_epoch().count(), std::memory_order_release);
}

const core::backing& held_lock::backing() const {
    return won_.extended_by ? won_.extended_by->round().backing()
           : won_.attempt   ? won_.attempt->round().backing()
                            : won_.attached;
}

void held_lock::on_clock_set(node_index node) {
    if (stage_ == stage::held && note_clocks(node)) {
        rearm();
    }
}

/// True if the lease ends earlier than was known. Asked for a new lock as well: a node that granted
/// it may have been found to be set while others had not answered.
bool held_lock::note_clocks(std::optional<node_index> set_just_now) {
    const core::instant until = backing().valid_until(manager_->nodes().clocks());
    if (until >= valid_until()) {
        return false;
    }
    end_at(until);
    for (const auto& attempt : extensions_) {
        attempt->on_shortened(until);
    }
    set_clock_ = set_just_now;
    // From the alarm, since this may be the middle of an extension that gives a new lease.
    renewal_.on_shortened(now(), until);
    return true;
}

}  // namespace redlock::manager
