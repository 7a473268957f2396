#include "manager/held_lock.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/recycled.hpp"
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

core::renewal::settings renewal_settings(const won_lease& won, double jitter) {
    return {.lease_time = won.lease_time,
            .stop_margin = won.stop_margin,
            .renews = won.renews,
            .jitter = jitter};
}

}  // namespace

held_lock::held_lock(manager_impl& manager, won_lease won)
    : manager_(&manager),
      owner_(manager.weak_from_this()),
      surroundings_(manager.clock().surroundings()),
      won_(std::move(won)),
      identity_(won_.identity),
      fencing_(won_.turn.fencing()),
      valid_until_(won_.holding.valid_until().time_since_epoch().count()),
      renewal_(renewal_settings(won_, manager.nodes().random()), won_.holding.started(),
               won_.holding.valid_until()) {
    won_.longest_lease = std::max(won_.longest_lease, won_.lease_time);
}

core::instant held_lock::valid_until() const {
    return core::instant{core::duration{valid_until_.load(std::memory_order_acquire)}};
}

bool held_lock::valid() const {
    return !over_.load(std::memory_order_acquire) && now() < valid_until();
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

void held_lock::start() {
    manager_->add(shared_from_this());
    note_clocks(std::nullopt);
    rearm();
}

void held_lock::rearm() {
    manager_->clock().set(*this, renewal_.next_event());
}

void held_lock::on_alarm(core::instant now) {
    const core::instant due = renewal_.next_event();
    switch (renewal_.on_timer(now)) {
        case core::renewal::action::none:
            break;
        case core::renewal::action::extend:
            rearm();  // whatever the nodes do, the loss is announced in time
            base::make_recycled<extend_operation>(shared_from_this())->start(std::nullopt);
            return;
        case core::renewal::action::announce_loss:
            lose(why_not_renewed(due, now));
            return;
    }
    rearm();
}

void held_lock::extend(std::optional<std::chrono::milliseconds> lease_time,
                       const std::shared_ptr<extend_operation>& operation) {
    if (manager_->closed()) {
        operation->finish(errc::closed);
        return;
    }
    if (stage_ != stage::held) {
        operation->finish(errc::lost);
        return;
    }
    const auto wanted = lease_time.value_or(won_.lease_time);
    if (auto wrong = check_lease_time(wanted, manager_->options())) {
        note_error({std::move(*wrong), {}});
        operation->finish(errc::invalid_argument);
        return;
    }
    // A node where it is planted again is to keep it for the minimum as well.
    const auto lease = won_.minimum.covered_by(wanted, now());
    won_.longest_lease = std::max(won_.longest_lease, lease);
    const auto attempt = base::make_recycled<driver::extend_attempt>(
        manager_->nodes(), *won_.identity, won_.holding, lease);
    extension_ = attempt;
    attempt->start(operation);
}

error_code held_lock::on_extend_decided(const driver::extend_attempt& attempt) {
    if (extension_.get() == &attempt) {
        extension_.reset();
    }
    if (stage_ != stage::held) {
        return errc::lost;
    }
    const auto outcome =
        won_.holding.on_decided(attempt.shared_round(), manager_->nodes().clocks(), now());
    const error_code error = error_of(outcome);
    extension_failed_ = static_cast<bool>(error);
    if (!error) {
        publish_validity();
        renewal_.on_extended(won_.holding.started(), won_.holding.valid_until());
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
    renewal_.on_extend_failed(now());
    rearm();
    return error;
}

/// Gives back at once what a lost extension has planted, or may yet plant: nobody may wait for it.
void held_lock::uproot(const core::extend_round& round) {
    const core::node_set planted = round.replanted() | round.may_plant();
    if (!planted.empty()) {
        base::make_recycled<driver::release_attempt>(manager_->nodes(), won_.identity,
                                                     core::release_targets{.doubtful = planted},
                                                     won_.longest_lease)
            ->start(nullptr);
    }
}

void held_lock::lose(diagnostics why) {
    const auto self = shared_from_this();
    invalidate();
    stage_ = stage::lost;
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
    if (const auto watch = std::exchange(loss_watch_, nullptr)) {
        for (const auto& waiter : watch->take_waiters()) {
            waiter->finish(told_to_waiters);
        }
    }
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
        release_waiters_.push_back(std::move(waiter));
    }
    if (stage_ == stage::releasing) {
        return;
    }
    if (stage_ == stage::held && hand_over()) {
        return;
    }
    stage_ = stage::releasing;
    stop_looking_after({});
    won_.holding.close_acquisition();
    const auto kept =
        won_.minimum.none() ? std::chrono::milliseconds::zero() : won_.minimum.left(now());
    if (kept > kept.zero()) {
        won_.holding.close_extensions();
    }
    using knowledge = driver::release_attempt::knowledge;
    base::make_recycled<driver::release_attempt>(
        manager_->nodes(), won_.identity, won_.holding.targets(), won_.longest_lease,
        won_.holding.attached() ? knowledge::token_only : knowledge::all, kept)
        ->start(shared_from_this());
    tells_competitors_ = !manager_->queues().ended(*this);
}

/// Passes the lease to whoever waits for it here; false if it must go back to the nodes.
bool held_lock::hand_over() {
    // All members of a manager's queues are successors.
    auto* const next = static_cast<successor*>(core::local_queues::first_behind(*this));
    if (next == nullptr || manager_->closed() || won_.identity->holder_record) {
        return false;
    }
    const core::instant now = surroundings_->now();
    if (!won_.minimum.is_over(now) || !next->may_take_over() ||
        !won_.turn.pass_on(now, won_.holding.valid_until(),
                           usable_part(next->lease_time(), manager_->options()),
                           next->stop_margin())) {
        return false;
    }
    const auto self = shared_from_this();
    stage_ = stage::over;
    release_outcome_ = core::release_outcome::released;
    manager_->remove(*this);
    manager_->counters().handed_over.add();
    tell(event_kind::handed_over);
    for (const auto& waiter : std::exchange(release_waiters_, {})) {
        waiter->finish({});
    }
    won_.holding.settle();
    next->take_over(*this, std::move(won_));
    // Last: as long as one alarm is set, the next costs no system call.
    stop_looking_after({});
    return true;
}

void held_lock::on_release_decided(const driver::release_attempt& attempt) {
    if (stage_ == stage::over) {
        return;  // Abandoned by a manager that is being destroyed.
    }
    const auto self = shared_from_this();
    manager_->remove(*this);
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
    for (const auto& waiter : std::exchange(release_waiters_, {})) {
        waiter->finish(error);
    }
    // The nodes tell everybody but the connection on which the release came. Whoever was let go on
    // by it has asked right behind it, and need not be told, where it was not overtaken.
    (tells_competitors_ ? attempt.freed() : attempt.freed_late()).for_each([this](node_index node) {
        manager_->nodes().watches().tell(node, resource().str());
    });
}

void held_lock::forget() {
    invalidate();
    if (stage_ == stage::held || stage_ == stage::lost) {
        const auto self = shared_from_this();
        stage_ = stage::over;
        stop_looking_after({});
        manager_->remove(*this);
        manager_->queues().ended(*this);
    }
}

void held_lock::abandon() {
    invalidate();
    stage_ = stage::over;
    extension_.reset();
    // Never called, but not kept either: a coroutine that waits here may own this lock.
    const auto forgotten = std::exchange(loss_watch_, nullptr);
    const auto also_forgotten = std::exchange(release_waiters_, {});
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
                            .fencing = fencing_,
                            .error = error,
                            .message = message});
}

void loss_waiter::cancel() {
    if (const auto held = held_.lock()) {
        held->stop_waiting(*this);
    }
    outcome_waiter::cancel();
}

void extend_operation::on_extend_decided(const driver::extend_attempt& attempt) {
    finish(held_->on_extend_decided(attempt));
}

}  // namespace redlock::manager
