// Who waits for the loss of a held lock. Notices early that it is gone, deleted by an operator or
// evicted, so that its holder need not wait for the next renewal to learn of it. Only for locks
// whose holder waits for the loss, and not before they have been held for a moment: short critical
// sections pay nothing. Owned by the lock. Strand only.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "core/hold_view.hpp"
#include "core/instant.hpp"
#include "driver/key_watches.hpp"
#include "outside/alarm_clock.hpp"
#include "redlock/status.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

class held_lock;
class loss_waiter;
class manager_impl;

class loss_watch final : private outside::alarm, private driver::key_watches::watcher {
  public:
    /// After this time the nodes are looked at, and asked to tell.
    static constexpr std::chrono::milliseconds begins_after{10};

    /// Both outlive this. Begins by itself.
    loss_watch(manager_impl& manager, held_lock& held);
    ~loss_watch() override;

    void add(std::shared_ptr<loss_waiter> waiter) { waiters_.push_back(std::move(waiter)); }
    /// True if nobody is left.
    [[nodiscard]] bool remove(const loss_waiter& waiter) {
        waiters_.remove_if([&](const auto& each) { return each.get() == &waiter; });
        return waiters_.empty();
    }
    [[nodiscard]] std::list<std::shared_ptr<loss_waiter>> take_waiters() {
        return std::exchange(waiters_, {});
    }
    /// The lock was extended.
    void on_extended() { view_.on_extended(); }

  private:
    void on_alarm(core::instant now) override;
    void on_key_changed(node_index which) override;
    /// What the look at one name has shown, of which each node has been read.
    struct look {
        std::vector<std::size_t> names_left;  ///< Of each node: those not seen to be ours yet.
    };
    [[nodiscard]] bool may_be_ours(const node_status& seen) const;
    void on_seen(look& its, const node_status& seen);

    manager_impl& manager_;
    held_lock& held_;
    std::list<std::shared_ptr<loss_waiter>> waiters_;
    core::hold_view view_;
    std::vector<driver::key_watches::watch> watches_;             ///< One for each name.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for answers that come late
};

}  // namespace redlock::manager
