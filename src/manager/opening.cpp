#include "manager/opening.hpp"

#include <utility>

namespace redlock::manager {

void opening::when_open(std::function<void()> begin) {
    waiting_.push_back(std::move(begin));
    if (!warm_up_) {
        begin_to_connect();
    }
}

void opening::begin_to_connect() {
    warm_up_.emplace(nodes_.size(), nodes_.now(), nodes_.options().node_timeout);
    nodes_.on_connection_change([this](node_index node, bool connected) {
        const core::instant now = nodes_.now();
        if (connected) {
            warm_up_->on_connected(node, now);
        } else {
            warm_up_->on_failed(node, now);
        }
        rearm();
    });
    nodes_.connect_for_votes();
    rearm();
}

void opening::rearm() {
    // Through the clock even if it is over now: acquisitions must not begin from inside the
    // connection whose event this is.
    clock_.set(*this, warm_up_->over_at());
}

void opening::on_alarm(core::instant /*now*/) {
    open_ = true;
    nodes_.on_connection_change(nullptr);
    for (const auto& begin : std::exchange(waiting_, {})) {
        begin();
    }
}

}  // namespace redlock::manager
