#include "manager/acquire_operation.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/recycled.hpp"
#include "driver/line_exit.hpp"
#include "driver/release_attempt.hpp"
#include "driver/votes.hpp"
#include "manager/arguments.hpp"

namespace redlock::manager {

namespace {

using std::chrono::milliseconds;

/// Of an attempt.
error_code error_of(core::acquire_outcome outcome) {
    switch (outcome) {
        case core::acquire_outcome::contended:
        case core::acquire_outcome::split:
            return errc::contended;
        case core::acquire_outcome::unavailable:
            return errc::no_quorum;
        default:
            return {};
    }
}

core::wait_session::settings session_settings(const acquire_options& options,
                                              const manager_options& manager, core::instant now) {
    const auto longest = options.wait.longest();
    core::wait_session::settings settings;
    settings.attempt_limit = options.wait.attempt_limit();
    settings.delay_min = options.wait.delay_min();
    settings.delay_max = options.wait.delay_max();
    settings.quorum_timeout = manager.quorum_timeout;
    if (longest <= core::duration{0}) {
        // One attempt, which the node timeout bounds.
        settings.attempt_limit = 1;
    } else if (longest < wait_policy::no_limit) {
        settings.deadline = core::saturating_add(now, longest);
    }
    return settings;
}

// Details are kept aside for a lock whose token does not tell its fencing token by itself.
bool has_holder_record(const detail::acquire_request& request) {
    return !request.label().empty() || !request.identifier().empty();
}

core::queueing waits_as(lock_mode mode) {
    return mode == lock_mode::shared ? core::queueing::only_line : core::queueing::queue_and_line;
}

core::acquisition::terms terms_of(const detail::acquire_request& request, core::queueing waits,
                                  const manager_options& manager, core::instant now) {
    const acquire_options& options = request.options();
    return {.wait = session_settings(options, manager, now),
            .fair = options.fair,
            .needs_own_lease = has_holder_record(request) || !options.hand_over ||
                               options.min_hold > milliseconds{0},
            .waits = waits,
            .leaves_leases = request.wants_permit() ? core::duration{manager.hand_over_time}
                                                    : core::duration{0}};
}

driver::kept_token random_token(driver::node_pool& nodes) {
    // One statement each: the order tells which is which, and so what a seed leads to.
    const std::uint64_t low = nodes.random_bits();
    const std::uint64_t high = nodes.random_bits();
    return {high, low};
}

}  // namespace

acquire_operation::acquire_operation(manager_impl& manager, resource_name resource,
                                     detail::acquire_request request,
                                     completion<error_code, lock>&& handler)
    : acquire_operation(manager, std::move(resource), std::move(request), waits_as(request.mode()),
                        std::move(handler)) {}

acquire_operation::acquire_operation(manager_impl& manager, resource_name&& resource,
                                     detail::acquire_request&& request, core::queueing waits,
                                     completion<error_code, lock>&& handler)
    : manager_(manager),
      resource_(std::move(resource)),
      request_(std::move(request)),
      lease_time_(request_.options().lease_time.value_or(manager_.options().lease_time)),
      asked_at_(manager.nodes().now()),
      acquisition_(terms_of(request_, waits, manager_.options(), asked_at_)),
      handler_(std::move(handler)) {}

acquire_operation::~acquire_operation() {
    // Not done when the manager goes without a close.
    if (attempt_) {
        attempt_->forget_owner();
    }
}

void acquire_operation::start() {
    manager_.add(shared_from_this());
    if (manager_.closed()) {
        fail(errc::closed, "the manager is closed");
        return;
    }
    if (auto wrong = why_refused()) {
        fail(wrong->cause, std::move(wrong->message));
        return;
    }
    resource_ = manager_.shared_name(resource_);
    if (request_.wants_permit() && !find_semaphore()) {
        return;
    }
    if (waits_for_its_turn()) {
        follow(acquisition_.on_queued());
        return;
    }
    follow(acquisition_.on_turn(manager_.gate().is_open()));
}

std::optional<driver::refusal> acquire_operation::why_refused() const {
    if (auto wrong = manager_.check_name(resource_)) {
        return driver::refusal{errc::invalid_argument, std::move(*wrong)};
    }
    return why_terms_are_refused();
}

std::optional<driver::refusal> acquire_operation::why_terms_are_refused() const {
    if (auto wrong = check_acquire(request_, lease_time_, manager_.options())) {
        return driver::refusal{errc::invalid_argument, std::move(*wrong)};
    }
    return std::nullopt;
}

bool acquire_operation::waits_for_its_turn() {
    return acquisition_.joins_queue() && !may_begin();
}

void acquire_operation::compete() {
    // Not from inside the operation that makes room. If that began a release, it is ahead of us on
    // every connection.
    boost::asio::post(manager_.strand(), turn());
}

std::function<void()> acquire_operation::turn() {
    return [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->follow(self->acquisition_.on_turn(self->manager_.gate().is_open()));
        }
    };
}

void acquire_operation::follow(const core::acquisition::step& step) {
    using enum core::acquisition::action;
    switch (step.what) {
        case none:
            break;
        case open:
            manager_.clock().set(*this, step.until);
            manager_.gate().when_open(turn());
            break;
        case ask:
            start_round();
            break;
        case wait:
            manager_.clock().set(*this, step.until);
            break;
        case give_up:
            finish(step.end);
            break;
    }
}

void acquire_operation::on_key_changed(node_index which) {
    // The latest round has asked for one slot; the change may be of another.
    const bool elsewhere = permit_ && acquisition_.is_waiting() && permit_->knows_another();
    const auto look_at =
        acquisition_.on_changed(which, attempt_ ? &attempt_->round() : nullptr,
                                manager_.clock().now(), manager_.nodes().tracking(), elsewhere);
    if (look_at != core::never) {
        manager_.counters().wake_ups.add();
        manager_.nodes().tell({.kind = event_kind::woken,
                               .resource = resource_.str(),
                               .node = which,
                               .node_name = manager_.nodes().names()[which]});
        // Even if that is now: not from inside the list of those who are told.
        manager_.clock().set(*this, look_at);
    }
}

void acquire_operation::on_taken_back(node_index which) {
    // Where it did not stand in our way it may be what we had ourselves, and news of that would
    // take the place of each delay.
    if (!acquisition_.is_waiting() || (attempt_ && attempt_->round().busy().contains(which))) {
        on_key_changed(which);
    }
}

void acquire_operation::start_round() {
    if (permit_) {
        permit_->begin_round(manager_.clock().now(), acquisition_.stands_in_line());
    }
    if (acquisition_.wants_news()) {
        // Before the round, or a change right behind a vote would be nobody's news.
        begin_watch();
    }
    manager_.counters().attempts.add();
    if (fail_for_wrong_nodes()) {
        return;
    }
    auto& nodes = manager_.nodes();
    const auto block = next_block();
    if (!block) {
        fail(errc::no_quorum,
             fmt::format("the fence of this resource stands at the largest fencing token there is; "
                         "delete {} on all nodes",
                         nodes.keys().fence(lock_name().str())));
        return;
    }
    if (attempt_) {
        attempt_->release_stragglers();
        if (!attempt_->why().empty()) {
            earlier_failures_ = attempt_->why();
        }
    }
    using enum driver::acquire_attempt::manners;
    const auto manners = acquisition_.leaves_it_to_the_line() ? leaves_it_to_the_line : takes_it;
    attempt_ = base::make_recycled<driver::acquire_attempt>(
        nodes, identity_with(*block), first_lease(), take_place(*block), manners,
        permit_ ? permit_->form() : driver::slot_form::lock);
    manager_.clock().set(*this, acquisition_.deadline());
    attempt_->start(*this);
}

std::optional<core::ballot_block> acquire_operation::next_block() const {
    return manager_.nodes().next_block(lock_name().str(), block_width());
}

void acquire_operation::begin_watch() {
    if (permit_) {
        permit_->watch(*this);
    } else if (!watch_) {
        watch_ = {manager_.nodes().watches(), resource_.str(), *this};
    }
}

void acquire_operation::let_go() {
    // Given up here, since the last reference may be let go off the strand, by a cancellation.
    watch_ = {};
    manager_.queues().leave(*this);
    permit_.reset();
}

/// Where to stand in the nodes' line: by the time of the first attempt, as the nodes' clocks tell.
const driver::line_place* acquire_operation::take_place(const core::ballot_block& block) {
    if (!acquisition_.stands_in_line() && !acquisition_.waits_beside_the_line()) {
        return nullptr;
    }
    if (place_.ticket == 0) {
        place_.ticket = block.first;
        if (acquisition_.stands_in_line()) {
            // The nodes tell readers' places from writers' by this.
            place_.id = request_.mode() == lock_mode::shared ? driver::readers_place : "";
            place_.id += random_token(manager_.nodes()).written(block.first).view();
        }
    }
    return &place_;
}

/// `granted`: the nodes that have taken us out of their lines by themselves.
void acquire_operation::leave_nodes_line(core::node_set granted) {
    const driver::line_place left = std::exchange(place_, {});
    if (!left.id.empty()) {
        driver::leave_line(manager_.nodes(), queue_name().str(), left.id,
                           core::node_set::all(manager_.nodes().size()) - granted);
    }
}

std::uint64_t acquire_operation::block_width() const {
    if (has_holder_record(request_) || !request_.options().hand_over ||
        request_.mode() == lock_mode::shared) {
        return 1;
    }
    // Others who wait here will want a fencing token each.
    const std::size_t waiting = manager_.queues().waiting_beside(*this, queue_name());
    return core::turn::block_width(waiting, hand_over_limits(manager_.options()));
}

driver::lock_identity acquire_operation::identity_with(const core::ballot_block& block) const {
    const std::string& own = request_.identifier();
    driver::lock_identity identity{
        lock_name(),
        own.empty() ? random_token(manager_.nodes()) : driver::kept_token{lock_token{own}},
        manager_.options().fencing ? block : core::ballot_block{}};
    identity.asked_as = request_.mode();
    identity.bring(permit_ ? permit_->extras(record_of(identity)) : extras_of(identity));
    return identity;
}

driver::extras_ptr acquire_operation::extras_of(const driver::lock_identity& identity) const {
    auto record = record_of(identity);
    return record ? driver::extras_ptr{new driver::lock_extras{std::move(record)}} : nullptr;
}

detail::shared_text acquire_operation::record_of(const driver::lock_identity& identity) const {
    if (!has_holder_record(request_)) {
        return nullptr;
    }
    return detail::share_text(
        driver::encode_holder(identity.block.first, identity.written().view(), request_.label()));
}

void acquire_operation::on_attempt_decided() {
    const auto& round = attempt_->round();
    if (permit_ && fail_for_permits()) {
        return;
    }
    if (round.outcome() == core::acquire_outcome::held) {
        if (manager_.nodes().different_nodes().empty()) {
            hand_out();
        } else {
            // It turned out with the votes.
            attempt_->cancel(nullptr);
            static_cast<void>(fail_for_wrong_nodes());
        }
        return;
    }
    if (!round.offsets_us().empty()) {
        // The place was taken by the same wrong clock as the ballot.
        leave_nodes_line({});
    }
    if (round.outcome() == core::acquire_outcome::split) {
        manager_.counters().split_votes.add();
    }
    std::optional<diagnostics> why;
    if (round.outcome() == core::acquire_outcome::unavailable && manager_.nodes().is_observed()) {
        why = manager_.explain("too few nodes give votes", reasons());
    }
    manager_.nodes().tell({.kind = event_kind::attempt_failed,
                           .resource = resource_.str(),
                           .fencing = fencing_token{attempt_->identity().block.first},
                           .error = error_of(round.outcome()),
                           .message = core::to_string(round.outcome()),
                           .elapsed = manager_.clock().now() - round.started(),
                           .ahead = place_in_line(),
                           .details = why ? &*why : nullptr});
    manager_.clock().cancel(*this);
    if (permit_) {
        look_elsewhere();
        return;
    }
    follow(acquisition_.on_round(round, manager_.clock().now(), manager_.nodes().random(),
                                 manager_.nodes().tracking()));
}

void acquire_operation::on_alarm(core::instant now) {
    auto outcome = core::acquire_outcome::pending;
    if (acquisition_.is_asking()) {
        attempt_->on_deadline();
        outcome = attempt_->round().outcome();
    }
    follow(acquisition_.on_alarm(now, outcome));
}

void acquire_operation::hand_out() {
    const auto& round = attempt_->round();
    won_lease won;
    won.identity = attempt_->shared();
    won.turn = core::turn{
        won.identity->block, round.started(),
        request_.options().hand_over ? hand_over_limits(manager_.options()) : core::turn::limits{}};
    won.holding = core::holding{attempt_->shared_round()};
    if (permit_) {
        permit_->on_won(round.started());
    }
    const auto held = hold(std::move(won));
    if (permit_) {
        manager_.queues().acquired_permit(*this, *held, queue_name(), permit_->semaphore().permits);
    } else if (request_.mode() == lock_mode::exclusive && names().size() == 1) {
        manager_.queues().acquired(*this, *held, resource_);
    }
    complete_with(held);
}

void acquire_operation::take_over(held_lock& from, won_lease won) {
    const auto held = hold(std::move(won));
    manager_.queues().passed(from, *this, *held);
    complete_with(held);
}

/// It covers the minimum as well, so that a lock whose holder dies is kept for that.
milliseconds acquire_operation::first_lease() const {
    return std::max(lease_time_, request_.options().min_hold);
}

core::duration acquire_operation::stop_margin() const {
    return stop_margin_of(request_.options(), lease_time_);
}

/// The lease, looked after in the way that this caller asked for.
held_handle acquire_operation::hold(won_lease won) {
    won.lease_time = lease_time_;
    won.longest_lease = std::max(won.longest_lease, first_lease());
    won.minimum = {won.holding.started(), request_.options().min_hold};
    won.stop_margin = stop_margin();
    won.renews = request_.options().renew.value_or(!request_.options().lease_time.has_value());
    held_handle held{new held_lock{manager_, std::move(won)}};
    held->start();
    return held;
}

}  // namespace redlock::manager
