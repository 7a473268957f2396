#include "manager/held_lock.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/recycled.hpp"
#include "driver/permits_keeper.hpp"
#include "manager/arguments.hpp"

namespace redlock::manager {

namespace {

error_code error_of(core::release_outcome outcome, bool manager_closed) {
    switch (outcome) {
        case core::release_outcome::released:
            return {};
        case core::release_outcome::gone:
            return errc::lost;
        case core::release_outcome::unavailable:
            return manager_closed ? errc::closed : errc::no_quorum;
        case core::release_outcome::indeterminate:
        case core::release_outcome::pending:
            break;
    }
    return errc::indeterminate;
}

error_code error_of(core::extend_outcome outcome) {
    switch (outcome) {
        case core::extend_outcome::extended:
            return {};
        case core::extend_outcome::gone:
        case core::extend_outcome::expired:
            return errc::lost;
        case core::extend_outcome::unavailable:
            return errc::no_quorum;
        case core::extend_outcome::pending:
        case core::extend_outcome::indeterminate:
            break;
    }
    return errc::indeterminate;
}

/// One for all locks: there are many of them, and errors are few.
std::mutex& error_guard() {
    static std::mutex guard;
    return guard;
}

}  // namespace

held_lock::held_lock(manager_impl& manager, won_lease won)
    : manager_(&manager),
      identity_(std::move(won.identity)),
      turn_(won.turn),
      holding_(std::move(won.holding)),
      renewal_({.lease_time = won.lease_time,
                .stop_margin = won.stop_margin,
                .renews = won.renews,
                .jitter = manager.nodes().random()},
               holding_.started(), holding_.valid_until()),
      minimum_(won.minimum),
      longest_lease_(std::max(won.longest_lease, won.lease_time)),
      valid_until_(holding_.valid_until().time_since_epoch().count()) {}

core::instant held_lock::valid_until() const {
    return core::instant{core::duration{valid_until_.load(std::memory_order_acquire)}};
}

bool held_lock::valid(core::instant now) const {
    return !over_.load(std::memory_order_acquire) && now < valid_until();
}

diagnostics held_lock::last_error() const {
    const std::lock_guard guard{error_guard()};
    return last_error_ ? *last_error_ : diagnostics{};
}

void held_lock::note_error(diagnostics why) {
    auto kept = std::make_unique<diagnostics>(std::move(why));
    const std::lock_guard guard{error_guard()};
    last_error_.swap(kept);
}

void intrusive_ptr_add_ref(held_lock* held) noexcept {
    held->references_.fetch_add(1, std::memory_order_relaxed);
}

void intrusive_ptr_release(held_lock* held) noexcept {
    if (held->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete held;  // NOLINT(*-owning-memory)
    }
}

void held_lock::start() {
    manager_->add(this);
    note_clocks(std::nullopt);
    rearm();
}

void held_lock::rearm() {
    if (const core::instant next = renewal_.next_event(); next != rings_at()) {
        manager_->clock().set(*this, next);
    }
}

void held_lock::on_alarm(core::instant now) {
    const core::instant due = renewal_.next_event();
    switch (renewal_.on_timer(now)) {
        case core::renewal::action::none:
            break;
        case core::renewal::action::extend:
            rearm();  // whatever the nodes do, the loss is announced in time
            static_cast<void>(
                extend(std::nullopt, base::make_recycled<watchdog_extension>(self())));
            return;
        case core::renewal::action::announce_loss:
            lose(why_not_renewed(due, now));
            return;
    }
    rearm();
}

error_code held_lock::extend(std::optional<std::chrono::milliseconds> lease_time,
                             std::shared_ptr<driver::extend_attempt::owner> asker) {
    if (manager_->closed()) {
        return errc::closed;
    }
    if (stage_ != stage::held) {
        return errc::lost;
    }
    const auto wanted = lease_time.value_or(renewal_.lease_time());
    if (auto wrong = check_lease_time(wanted, manager_->options())) {
        note_error({std::move(*wrong), {}});
        return errc::invalid_argument;
    }
    // A node where it is planted again is to keep it for the minimum as well.
    const auto lease = minimum_.none() ? wanted : minimum_.covered_by(wanted, now());
    longest_lease_ = std::max(longest_lease_, lease);
    const auto attempt =
        base::make_recycled<driver::extend_attempt>(manager_->nodes(), identity_, holding_, lease);
    extension_ = attempt.get();
    attempt->start(std::move(asker));
    if (const auto* const semaphore = identity_->semaphore();
        semaphore != nullptr && !semaphore->board.is_confirmed(now())) {
        std::make_shared<driver::permits_keeper>(manager_->nodes(), identity_->extras->semaphore)
            ->start();
    }
    return {};
}

error_code held_lock::downgrade(std::shared_ptr<driver::extend_attempt::owner> asker) {
    if (identity_->kind == driver::lock_kind::several) {
        note_error(
            {"a lock of several names cannot become a shared one; release it, and acquire "
             "shared locks",
             {}});
        return errc::invalid_argument;
    }
    if (slot()) {
        note_error({"a permit cannot become a shared lock", {}});
        return errc::invalid_argument;
    }
    if (stage_ == stage::held && !manager_->closed()) {
        identity_.downgrade();
        // Others of this process compete on the nodes from now on, as with any reader.
        manager_->queues().ended(*this);
    }
    return extend(std::nullopt, std::move(asker));
}

void held_lock::tell_competitors(core::node_set where) {
    for (const resource_name& each : identity_->watched_names()) {
        where.for_each(
            [&](node_index node) { manager_->nodes().watches().tell(node, each.str()); });
    }
}

bool held_lock::is_watched() const {
    const auto& watches = manager_->nodes().watches();
    return std::ranges::any_of(identity_->watched_names(),
                               [&](const resource_name& each) { return watches.any(each.str()); });
}

error_code held_lock::on_extend_decided(const driver::extend_attempt& attempt, core::instant now) {
    if (extension_ == &attempt) {
        extension_ = nullptr;
    }
    if (stage_ != stage::held) {
        return errc::lost;
    }
    const auto outcome = holding_.on_decided(attempt.round(), manager_->nodes().clocks(), now);
    const error_code error = error_of(outcome);
    extension_failed_ = static_cast<bool>(error);
    if (!error) {
        publish_validity();
        renewal_.on_extended(holding_.started(), holding_.valid_until());
        if (loss_watch_) {
            loss_watch_->on_extended();
        }
        rearm();
        tell(event_kind::extended);
        return {};
    }
    if (error == errc::lost) {
        uproot(attempt.round());
        lose(manager_->explain(outcome == core::extend_outcome::gone
                                   ? "the nodes do not hold it any more"
                                   : "no quorum extended it before its validity ended",
                               attempt.why()));
        return error;
    }
    auto why = manager_->explain("the lease was not extended, and will be tried again while valid",
                                 attempt.why());
    tell(event_kind::extend_failed, error, why.to_string());
    note_error(std::move(why));
    renewal_.on_extend_failed(now);
    rearm();
    return error;
}

/// Gives back at once what a lost extension has planted, or may yet plant: nobody may wait for it.
void held_lock::uproot(const core::extend_round& round) {
    const core::node_set planted = round.replanted() | round.may_plant();
    if (!planted.empty()) {
        base::make_recycled<driver::release_attempt>(manager_->nodes(), identity_,
                                                     core::release_targets{.doubtful = planted},
                                                     longest_lease_)
            ->start(nullptr);
    }
}

void held_lock::lose(diagnostics why) {
    const auto keep = self();
    invalidate();
    stage_ = stage::lost;
    holding_.close_rounds();
    leave_slot(false);
    manager_->counters().lost.add();
    tell(event_kind::lost, errc::lost, why.to_string());
    note_error(std::move(why));
    stop_looking_after(errc::lost);
    // Stays listed until its handle lets go of it: a command on its way may yet put it on a node,
    // and an end of the manager takes that back.
    manager_->queues().ended(*this);
}

void held_lock::stop_looking_after(error_code told_to_waiters) {
    manager_->clock().cancel(*this);
    for (const auto& waiter : take_loss_waiters()) {
        waiter->finish(told_to_waiters);
    }
}

std::list<std::shared_ptr<loss_waiter>> held_lock::take_loss_waiters() {
    if (!loss_watch_) {
        return {};
    }
    auto waiters = loss_watch_->take_waiters();
    loss_watch_.reset();
    for (const auto& waiter : waiters) {
        waiter->held_ = nullptr;
    }
    return waiters;
}

void held_lock::release(std::shared_ptr<outcome_waiter> waiter) {
    invalidate();
    if (stage_ == stage::over) {
        if (waiter) {
            waiter->finish(errc::lost);
        }
        return;
    }
    if (waiter) {
        release_waiters_.add(std::move(waiter));
    }
    if (stage_ == stage::releasing) {
        return;
    }
    if (stage_ == stage::held && hand_over()) {
        return;
    }
    const auto kept = minimum_.none() ? std::chrono::milliseconds::zero() : minimum_.left(now());
    if (std::exchange(stage_, stage::releasing) == stage::held) {
        leave_slot(kept <= kept.zero());
    }
    stop_looking_after({});
    holding_.close_rounds();
    using knowledge = driver::release_attempt::knowledge;
    base::make_recycled<driver::release_attempt>(
        manager_->nodes(), identity_, holding_.targets(), longest_lease_,
        holding_.attached() ? knowledge::token_only : knowledge::all, kept)
        ->start(base::make_recycled<release_operation>(self()));
    // Who is let go on by it asks right behind it. Who watches already does not stand in the queue,
    // or has competed before: readers, while a writer had the lock.
    const bool watched = is_watched();
    tells_competitors_ = !manager_->queues().ended(*this) || watched;
}

void held_lock::on_release_decided(const driver::release_attempt& attempt) {
    if (stage_ == stage::over) {
        return;  // Abandoned by a manager that is being destroyed.
    }
    const auto keep = manager_->remove(*this);
    stage_ = stage::over;
    release_outcome_ = attempt.outcome();
    const error_code error = error_of(attempt.outcome(), manager_->closed());
    if (error) {
        auto why = manager_->explain(
            error == errc::lost ? "it was already gone" : "the release was not confirmed",
            attempt.why());
        tell(event_kind::release_failed, error, why.to_string());
        note_error(std::move(why));
    } else {
        tell(event_kind::released);
    }
    release_waiters_.finish_all(error);
    // Whoever was let go on by the release has asked right behind it, and need not be told, where
    // it was not overtaken.
    tell_competitors(tells_competitors_ ? attempt.freed() : attempt.freed_late());
}

void held_lock::forget() {
    invalidate();
    if (stage_ == stage::held || stage_ == stage::lost) {
        if (stage_ == stage::held) {
            leave_slot(false);
        }
        const auto keep = manager_->remove(*this);
        stage_ = stage::over;
        stop_looking_after({});
        manager_->queues().ended(*this);
    }
}

void held_lock::abandon() {
    invalidate();
    stage_ = stage::over;
    extension_ = nullptr;
    // Never called, but not kept either: a coroutine that waits here may own this lock.
    const auto forgotten = take_loss_waiters();
    release_waiters_.forget_all();
}

bool held_lock::surely_over() const {
    return release_outcome_ == core::release_outcome::released ||
           release_outcome_ == core::release_outcome::gone;
}

void held_lock::wait_lost(const std::shared_ptr<loss_waiter>& waiter) {
    if (stage_ == stage::held) {
        if (!loss_watch_) {
            loss_watch_ = std::make_unique<loss_watch>(*manager_, *this);
        }
        waiter->held_ = this;
        loss_watch_->add(waiter);
    } else {
        waiter->finish(stage_ == stage::lost ? error_code{errc::lost} : error_code{});
    }
}

void held_lock::stop_waiting(const loss_waiter& waiter) {
    if (loss_watch_ && loss_watch_->remove(waiter)) {
        loss_watch_.reset();
    }
}

void held_lock::tell(event_kind kind, error_code error, std::string_view message) const {
    manager_->nodes().tell({.kind = kind,
                            .resource = resource().str(),
                            .fencing = fencing(),
                            .error = error,
                            .message = message});
}

void loss_waiter::cancel() {
    if (auto* const held = std::exchange(held_, nullptr)) {
        held->stop_waiting(*this);
    }
    outcome_waiter::cancel();
}

}  // namespace redlock::manager
