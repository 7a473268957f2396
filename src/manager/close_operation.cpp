#include "manager/close_operation.hpp"

#include <algorithm>
#include <utility>

#include "manager/held_lock.hpp"

namespace redlock::manager {

void close_operation::start() {
    locks_ = manager_.begin_close();
    if (manager_.nodes().open_writes() == 0) {
        finish();
        return;
    }
    // Not from inside the node's own doings, which would be stopped under its feet.
    manager_.nodes().on_all_settled(
        [this] { manager_.clock().set(*this, manager_.clock().now()); });
    manager_.clock().set(*this, manager_.clock().now() + manager_.options().close_timeout);
}

void close_operation::add_waiter(std::shared_ptr<outcome_waiter> waiter) {
    if (done_) {
        waiter->finish(result_);
    } else {
        waiters_.add(std::move(waiter));
    }
}

void close_operation::on_alarm(core::instant /*now*/) {
    finish();
}

void close_operation::finish() {
    if (std::exchange(done_, true)) {
        return;
    }
    manager_.clock().cancel(*this);
    const bool all_confirmed = std::ranges::all_of(locks_, &held_lock::surely_over);
    result_ = all_confirmed ? error_code{} : error_code{errc::indeterminate};
    // Settles what is still open, which calls back here and finds it done.
    manager_.nodes().stop();
    locks_.clear();
    waiters_.finish_all(result_);
}

void close_manager(const std::shared_ptr<manager_impl>& manager,
                   std::shared_ptr<outcome_waiter> waiter) {
    const bool begins = manager->close() == nullptr;
    if (begins) {
        manager->set_close(std::make_shared<close_operation>(*manager));
    }
    if (waiter) {
        manager->close()->add_waiter(std::move(waiter));
    }
    if (begins) {
        manager->close()->start();
    }
}

}  // namespace redlock::manager
