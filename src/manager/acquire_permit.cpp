// What the acquisition of a permit does in place of that of a lock. Strand only.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "manager/acquire_operation.hpp"

namespace redlock::manager {

const resource_name& acquire_operation::lock_name() const {
    return permit_ ? permit_->slot_name() : resource_;
}

const resource_name& acquire_operation::queue_name() const {
    return permit_ ? permit_->semaphore().slots : resource_;
}

/// False if it has failed.
bool acquire_operation::find_semaphore() {
    std::uint16_t in_use = 0;
    auto found = manager_.semaphores().find(
        resource_, static_cast<std::uint16_t>(request_.permits()), manager_.nodes(), in_use);
    if (!found) {
        fail(errc::permits_mismatch, permits_in_use(request_.permits(), in_use));
        return false;
    }
    permit_ = std::make_unique<permit_search>(manager_.nodes(), std::move(found));
    return true;
}

/// Whether it may ask the nodes now, or others of the process are ahead of it. Where nobody waits,
/// acquisitions of permits go on side by side, each for another slot.
bool acquire_operation::may_begin() {
    if (!permit_) {
        return manager_.queues().join(*this, resource_);
    }
    const driver::semaphore_state& semaphore = permit_->semaphore();
    if (manager_.queues().waiting(semaphore.slots) == 0 && !semaphore.board.holds_all()) {
        return true;
    }
    return manager_.queues().join_for_permit(*this, semaphore.slots, semaphore.permits);
}

/// The round did not win its slot: goes on to another that may be free, or waits; behind the others
/// of the process that do.
void acquire_operation::look_elsewhere() {
    const auto& round = attempt_->round();
    const bool taken = round.outcome() == core::acquire_outcome::contended ||
                       round.outcome() == core::acquire_outcome::split;
    permit_->end_round();
    // Where a slot is kept for those who wait, so are the others.
    const bool is_kept = round.is_kept_for_others();
    if (is_kept) {
        permit_->stay();
    }
    const auto other =
        taken && !is_kept ? permit_->look_further() : core::acquisition::alternative::none;
    const bool goes_on = other == core::acquisition::alternative::at_once;
    if (taken && !goes_on && acquisition_.joins_queue() && !core::local_queues::has(*this)) {
        const driver::semaphore_state& semaphore = permit_->semaphore();
        if (!manager_.queues().join_for_permit(*this, semaphore.slots, semaphore.permits)) {
            follow(acquisition_.on_queued());
            return;
        }
    }
    follow(acquisition_.on_round(round, manager_.clock().now(), manager_.nodes().random(),
                                 manager_.nodes().tracking(), other));
}

/// With others who count to another number, a permit would be one too many.
bool acquire_operation::fail_for_permits() {
    const driver::permits_disagreement* const met = attempt_->disagreement();
    if (met == nullptr) {
        return false;
    }
    const driver::semaphore_state& semaphore = permit_->semaphore();
    const auto& nodes = manager_.nodes();
    const std::string key = nodes.keys().permits(semaphore.name.str());
    const std::string& node = nodes.names()[met->node];
    const std::string theirs =
        met->permits == 0
            ? fmt::format("something that is no number in {} on {}", key, node)
            : fmt::format("{} for other clients, as {} on {} says", met->permits, key, node);
    attempt_->cancel(nullptr);
    fail(errc::permits_mismatch,
         fmt::format("the semaphore has {} permits here and {}; give all clients the same number. "
                     "After a change of the number the key has to expire, or to be deleted on all "
                     "nodes while nobody holds a permit",
                     semaphore.permits, theirs));
    return true;
}

}  // namespace redlock::manager
