// What the validity of a held lock rests on, and what becomes of it when a node's clock is found to
// have been set: a lease that ends early by that clock shortens what is left, and the loss is
// announced in time like any other. The reckoning is core::holding's. Strand only.
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "manager/held_lock.hpp"

namespace redlock::manager {

std::string held_lock::why_it_ends() const {
    std::string why = renewal_.renews() ? "the lease could not be renewed in time"
                                        : "the lease ends and was not extended";
    if (const auto node = holding_.cut_short_by()) {
        why += "; it ends early, since the clock of " + manager_->nodes().names()[*node] +
               " was set forward";
    }
    return why;
}

/// Also what the nodes have said so far to the extension that is under way, and who is silent.
/// `due`: when the alarm ought to have come that has found, `now`, that the time is up.
diagnostics held_lock::why_not_renewed(core::instant due, core::instant now) const {
    std::string what = why_it_ends();
    if (due < renewal_.loss_announced_at()) {
        what += fmt::format(": the event loop came to it {} ms late",
                            std::chrono::round<std::chrono::milliseconds>(now - due).count());
    }
    driver::failures those;
    if (extension_ && extension_->round().outcome() == core::extend_outcome::pending) {
        those = extension_->why();
        extension_->round().pending().for_each([&](node_index node) {
            those.note(node, node_errc::no_answer, "not in the time that was left");
        });
    }
    if (those.empty() && extension_failed_) {
        diagnostics why = last_error();
        why.message = std::move(what);
        return why;
    }
    return manager_->explain(std::move(what), those);
}

void held_lock::publish_validity() {
    valid_until_.store(holding_.valid_until().time_since_epoch().count(),
                       std::memory_order_release);
}

void held_lock::on_clock_set(node_index node) {
    if (stage_ == stage::held && note_clocks(node)) {
        rearm();
    }
}

/// True if the lease ends earlier than was known.
bool held_lock::note_clocks(std::optional<node_index> set_just_now) {
    if (!holding_.on_clocks_set(manager_->nodes().clocks(), set_just_now)) {
        return false;
    }
    publish_validity();
    // From the alarm, since this may be the middle of an extension that gives a new lease.
    renewal_.on_shortened(now(), valid_until());
    return true;
}

}  // namespace redlock::manager
