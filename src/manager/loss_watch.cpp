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
    const auto names = held_.lock_names();
    if (watches_.empty()) {
        // Before the first look, or what happens behind it would be nobody's news.
        for (const resource_name& each : names) {
            watches_.emplace_back(manager_.nodes().watches(), each.str(),
                                  static_cast<driver::key_watches::watcher&>(*this));
        }
    }
    const core::node_set whom = view_.take_unseen();
    const auto shown = std::make_shared<look>(
        look{std::vector<std::size_t>(manager_.nodes().size(), names.size())});
    for (const resource_name& each : names) {
        std::make_shared<driver::status_query>(manager_.nodes(), each.str(),
                                               driver::readers_told::none)
            ->start(whom,
                    [this, shown, alive = std::weak_ptr<bool>{alive_}](const node_status& seen) {
                        if (!alive.expired() && !seen.error) {
                            on_seen(*shown, seen);
                        }
                    });
    }
}

/// A node has it only under all of its names.
void loss_watch::on_seen(look& its, const node_status& seen) {
    if (may_be_ours(seen)) {
        if (--its.names_left[seen.node] == 0) {
            view_.on_held(seen.node);
        }
        return;
    }
    view_.on_gone(seen.node);
    if (view_.lost()) {
        held_.lose({"the nodes do not hold it any more", {}});
    } else if (view_.wants_a_look()) {
        manager_.clock().set(*this, manager_.clock().now());
    }
}

}  // namespace redlock::manager
