// How an acquisition ends that has the lock, is cancelled, or meets the end of its manager; see
// acquire_refusal.cpp for what it says when it fails. Strand only.
#include <boost/asio/error.hpp>
#include <utility>

#include "driver/line_exit.hpp"
#include "manager/acquire_operation.hpp"

namespace redlock::manager {

void acquire_operation::complete_with(const held_handle& held) {
    const core::duration waited = manager_.clock().now() - asked_at_;
    manager_.counters().acquired.add();
    manager_.counters().waited_ns.add(static_cast<std::uint64_t>(waited.count()));
    manager_.nodes().tell({.kind = event_kind::acquired,
                           .resource = resource_.str(),
                           .fencing = held->fencing(),
                           .elapsed = waited});
    for (const resource_name& each : held->lock_names()) {
        manager_.tell_observers(each);
    }
    complete({}, lock{held});
}

void acquire_operation::cancel() {
    if (!acquisition_.cancel()) {
        return;
    }
    manager_.clock().cancel(*this);
    // Before the release, whose confirmation then tells of both.
    leave_nodes_line({});
    if (!attempt_) {
        fail(boost::asio::error::operation_aborted, "cancelled");
        return;
    }
    attempt_->cancel([weak = weak_from_this()] {
        if (const auto self = weak.lock(); self && !self->acquisition_.is_over()) {
            self->fail(boost::asio::error::operation_aborted, "cancelled");
        }
    });
}

void acquire_operation::on_manager_closed() {
    if (acquisition_.is_over()) {
        return;
    }
    if (attempt_) {
        attempt_->cancel(nullptr);
    }
    fail(errc::closed, "the manager was closed");
}

void acquire_operation::complete(error_code error, lock&& held) {
    const auto self = shared_from_this();
    const bool by_attempt = acquisition_.complete(!error);
    if (error && attempt_) {
        attempt_->release_stragglers();
    }
    leave_nodes_line(by_attempt ? attempt_->round().granted() : core::node_set{});
    manager_.clock().cancel(*this);
    let_go();
    manager_.remove(*this);
    if (attempt_) {
        attempt_->forget_owner();
    }
    handler_(error, std::move(held));
}

}  // namespace redlock::manager
