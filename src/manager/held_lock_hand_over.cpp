// How a lock that is given back passes to the next acquisition of its process. Strand only.
#include <optional>
#include <utility>

#include "core/acquisition.hpp"
#include "manager/arguments.hpp"
#include "manager/held_lock.hpp"

namespace redlock::manager {

/// `next` with the turn that it would have, if it may have one.
std::optional<held_lock::heir> held_lock::as_heir(successor& next, core::instant now) const {
    core::turn turn = turn_;
    const auto wanted = usable_part(next.lease_time(), manager_->options());
    return turn.pass_on(now, holding_.valid_until(), wanted, next.stop_margin())
               ? std::optional{heir{next, turn}}
               : std::nullopt;
}

/// Who takes the lease over now.
std::optional<held_lock::heir> held_lock::find_heir(core::instant now) const {
    using enum core::acquisition::taking;
    successor* willing = nullptr;
    core::queue_member* member = core::local_queues::first_behind(*this);
    for (; member != nullptr; member = core::local_queues::next_behind(*member)) {
        // All members of a manager's queues are successors.
        auto& next = static_cast<successor&>(*member);
        const auto answer = next.takes_over(now);
        if (answer == at_once) {
            if (auto found = as_heir(next, now)) {
                return found;
            }
        }
        if (answer == at_once || answer == not_at_all) {
            break;
        }
        if (answer == if_nobody_else) {
            willing = &next;
        }
    }
    return willing != nullptr ? as_heir(*willing, now) : std::nullopt;
}

/// Passes the lease to whoever waits for it here; false if it must go back to the nodes.
bool held_lock::hand_over() {
    if (core::local_queues::first_behind(*this) == nullptr || manager_->closed() ||
        !driver::record_of(*identity_).empty()) {
        return false;
    }
    const core::instant now = this->now();
    const auto next = minimum_.is_over(now) ? find_heir(now) : std::nullopt;
    if (!next) {
        return false;
    }
    const auto keep = manager_->remove(*this);
    stage_ = stage::over;
    release_outcome_ = core::release_outcome::released;
    manager_->counters().handed_over.add();
    tell(event_kind::handed_over);
    release_waiters_.finish_all({});
    next->who.take_over(*this, give_away(next->turn));
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
