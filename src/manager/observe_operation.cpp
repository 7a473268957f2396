#include "manager/observe_operation.hpp"

#include <memory>
#include <utility>

#include "driver/queries.hpp"

namespace redlock::manager {

observe_operation::observe_operation(manager_impl& manager, resource_name resource,
                                     std::optional<leader_view> seen,
                                     completion<error_code, leader_view> handler)
    : read_operation(manager, std::move(handler)),
      resource_(std::move(resource)),
      sight_(manager.nodes().size(), std::move(seen), manager.options().quorum_timeout,
             manager.nodes().now()) {}

void observe_operation::begin() {
    if (manager().check_name(resource_)) {
        complete(errc::invalid_argument, {});
        return;
    }
    // Before the first look, or what happens behind it would be nobody's news.
    auto& nodes = manager().nodes();
    lock_watch_ = {nodes.watches(), resource_.str(), *this};
    record_watch_ = {nodes.watches(), nodes.keys().holder(resource_.str()), *this};
    own_watch_ = {manager().own_news(), resource_.str(), own_watcher_};
    look();
}

void observe_operation::end() {
    manager().clock().cancel(*this);
    lock_watch_ = {};
    record_watch_ = {};
    own_watch_ = {};
}

void observe_operation::on_key_changed(node_index node) {
    sight_.on_changed(node);
    // Not from inside the list of those who are told.
    rearm();
}

void observe_operation::on_changed_here() {
    sight_.on_changed_anywhere();
    rearm();
}

void observe_operation::on_alarm(core::instant now) {
    if (sight_.out_of_patience(now)) {
        complete(errc::no_quorum, {});
        return;
    }
    sight_.on_timer(now);
    look();
}

void observe_operation::look() {
    const auto keep = shared_from_this();
    if (const core::node_set whom = sight_.take_unseen(); !whom.empty()) {
        std::make_shared<driver::status_query>(manager().nodes(), resource_.str(),
                                               driver::readers_told::none)
            ->start(whom, [this, operation = weak()](const node_status& view) {
                if (const auto alive = operation.lock(); alive && !is_done()) {
                    on_view(view);
                }
            });
    }
    if (!is_done()) {
        rearm();
    }
}

void observe_operation::on_view(node_status view) {
    if (has_different_nodes(manager())) {
        complete(errc::different_nodes, {});
        return;
    }
    view.vote_error = manager().nodes().why_no_vote(view.node).cause;
    sight_.on_view(view, manager().nodes().now());
    if (const auto& news = sight_.news()) {
        complete({}, *news);
        return;
    }
    rearm();
}

void observe_operation::rearm() {
    auto& nodes = manager().nodes();
    manager().clock().set(*this, sight_.next_look(nodes.now(), nodes.tracking()));
}

}  // namespace redlock::manager
