// How a lock that is given back passes to the next acquisition of its process. Strand only.
#include <optional>
#include <utility>

#include "core/acquisition.hpp"
#include "manager/arguments.hpp"
#include "manager/held_lock.hpp"

namespace redlock::manager {

/// The turn that `next` would have, if it may have one.
std::optional<core::turn> held_lock::turn_of(const successor& next, core::instant now) const {
    core::turn turn = turn_;
    const auto wanted = usable_part(next.lease_time(), manager_->options());
    return turn.pass_on(now, holding_.valid_until(), wanted, next.stop_margin())
               ? std::optional{turn}
               : std::nullopt;
}

/// Who takes the lease over now; null if nobody does.
successor* held_lock::next_holder(core::instant now) const {
    using enum core::acquisition::taking;
    successor* willing = nullptr;
    core::queue_member* member = core::local_queues::first_behind(*this);
    for (; member != nullptr; member = core::local_queues::next_behind(*member)) {
        // All members of a manager's queues are successors.
        auto* const next = static_cast<successor*>(member);
        switch (next->takes_over(now)) {
            case at_once:
                return turn_of(*next, now) ? next : willing;
            case if_nobody_else:
                willing = next;
                break;
            case not_now:
                break;
            case not_at_all:
                return willing;
        }
    }
    return willing;
}

/// Passes the lease to whoever waits for it here; false if it must go back to the nodes.
bool held_lock::hand_over() {
    if (core::local_queues::first_behind(*this) == nullptr || manager_->closed() ||
        !driver::record_of(*identity_).empty()) {
        return false;
    }
    const core::instant now = this->now();
    successor* const next = minimum_.is_over(now) ? next_holder(now) : nullptr;
    const auto turn = next != nullptr ? turn_of(*next, now) : std::nullopt;
    if (!turn) {
        return false;
    }
    const auto keep = manager_->remove(*this);
    stage_ = stage::over;
    release_outcome_ = core::release_outcome::released;
    manager_->counters().handed_over.add();
    tell(event_kind::handed_over);
    release_waiters_.finish_all({});
    next->take_over(*this, give_away(*turn));
    // Last: as long as one alarm is set, the next costs no system call.
    stop_looking_after({});
    return true;
}

/// This process does not hold the permit any more. `free`: others may have it at once.
void held_lock::leave_slot(bool free) {
    driver::semaphore_state* const semaphore = identity_->semaphore();
    if (semaphore == nullptr) {
        return;
    }
    if (free) {
        semaphore->board.on_given_back(identity_->extras->slot);
    } else {
        semaphore->board.on_gone(identity_->extras->slot);
    }
}

won_lease held_lock::give_away(const core::turn& next) {
    holding_.settle();
    won_lease won;
    won.identity = identity_;
    won.turn = next;
    won.longest_lease = longest_lease_;
    won.holding = std::move(holding_);
    return won;
}

}  // namespace redlock::manager
