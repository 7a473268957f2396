#include "manager/loss_watch.hpp"

#include "driver/queries.hpp"
#include "driver/votes.hpp"
#include "manager/held_lock.hpp"
#include "manager/manager_impl.hpp"

namespace redlock::manager {

loss_watch::loss_watch(manager_impl& manager, held_lock& held)
    : manager_(manager), held_(held), view_(manager.nodes().size()) {
    manager_.clock().set(*this, manager_.clock().now() + begins_after);
}

loss_watch::~loss_watch() {
    manager_.clock().cancel(*this);
}

void loss_watch::on_key_changed(node_index which) {
    view_.on_changed(which);
    // Not from inside the list of those who are told.
    manager_.clock().set(*this, manager_.clock().now());
}

/// Whose the marker is, one look does not tell: a reader's entry that is gone beside others shows
/// with the next renewal.
bool loss_watch::may_be_ours(const node_status& seen) const {
    return seen.holder == held_.token() ||
           (held_.mode() == lock_mode::shared && seen.holder.str() == driver::readers_marker);
}

void loss_watch::on_alarm(core::instant /*now*/) {
    if (!watch_) {
        // Before the first look, or what happens behind it would be nobody's news.
        watch_ = {manager_.nodes().watches(), held_.lock_name().str(), *this};
    }
    std::make_shared<driver::status_query>(manager_.nodes(), held_.lock_name().str())
        ->start(view_.take_unseen(),
                [this, alive = std::weak_ptr<bool>{alive_}](const node_status& seen) {
                    if (alive.expired() || seen.error) {
                        return;
                    }
                    if (may_be_ours(seen)) {
                        view_.on_held(seen.node);
                        return;
                    }
                    view_.on_gone(seen.node);
                    if (view_.lost()) {
                        held_.lose({"the nodes do not hold it any more", {}});
                    } else if (view_.wants_a_look()) {
                        manager_.clock().set(*this, manager_.clock().now());
                    }
                });
}

}  // namespace redlock::manager
