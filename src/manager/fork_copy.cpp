// How the copies of a manager and its locks end in a forked child: those who wait are told, and the
// nodes hear nothing. The completions say `errc::forked`, whatever they are called with.
#include <memory>
#include <utility>
#include <vector>

#include "manager/held_lock.hpp"
#include "manager/manager_impl.hpp"

namespace redlock::manager {

void manager_impl::leave_to_parent() {
    const auto self = weak_from_this().lock();
    closed_ = true;
    nodes_.on_all_settled(nullptr);
    nodes_.on_connection_change(nullptr);
    nodes_.stop();
    for (const auto& operation : operations_.take_all()) {
        operation->on_manager_closed();
    }
    std::vector<held_handle> locks;
    held_.for_each([&](const auto& held) { locks.push_back(held); });
    for (const auto& held : locks) {
        held->leave_to_parent();
    }
}

void held_lock::leave_to_parent() {
    const auto self = manager_->remove(*this);
    invalidate();
    stage_ = stage::over;
    stop_looking_after(errc::forked);
    release_waiters_.finish_all(errc::forked);
}

}  // namespace redlock::manager
