#include "manager/attach_operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/validity.hpp"
#include "driver/token.hpp"
#include "driver/votes.hpp"
#include "manager/acquire_all_operation.hpp"
#include "manager/arguments.hpp"
#include "manager/held_lock.hpp"
#include "manager/semaphore_operations.hpp"

namespace redlock::manager {

namespace {

driver::failures failures_in(const node_views& views) {
    driver::failures why;
    for (const auto& view : views) {
        if (view.error) {
            why.note(view.node, view.error, view.message);
        }
    }
    return why;
}

}  // namespace

attach_operation::attach_operation(manager_impl& manager, std::vector<resource_name> names,
                                   detail::acquire_request request,
                                   completion<error_code, lock> handler)
    : read_operation(manager, std::move(handler)),
      names_(std::move(names)),
      request_(std::move(request)),
      token_(request_.identifier()),
      lease_time_(request_.options().lease_time.value_or(manager.options().lease_time)) {}

std::optional<driver::refusal> attach_operation::why_refused() {
    const bool clustered = manager().nodes().clustered();
    if (names_.size() != 1) {
        if (auto wrong = acquire_all_operation::check(names_, clustered); wrong.cause) {
            return wrong;
        }
    }
    complaint wrong;
    for (auto each = names_.begin(); !wrong && each != names_.end(); ++each) {
        wrong = manager().check_name(*each);
    }
    if (!wrong) {
        wrong = check_acquire(request_, lease_time_, manager().options());
    }
    if (!wrong && request_.identifier().empty()) {
        wrong = "the token is empty; give the one that the lock was acquired with";
    }
    return wrong ? std::optional{driver::refusal{errc::invalid_argument, std::move(*wrong)}}
                 : std::nullopt;
}

void attach_operation::begin() {
    if (auto wrong = why_refused()) {
        fail(wrong->cause, {std::move(wrong->message), {}});
    } else if (request_.wants_permit()) {
        ask_for_slots();
    } else if (names_.size() > 1) {
        ask_for_several();
    } else {
        ask_for_one();
    }
}

void attach_operation::ask_for_one() {
    // A node lists a hundred readers at most: it is asked about this one.
    const auto query = std::make_shared<driver::status_query>(
        manager().nodes(), names_.front().str(), driver::readers_told::one, token_);
    ask_views(manager(), query, weak(), [this](core::instant started, const node_views& views) {
        on_hold(started, find_token(token_, views), views, names_.front());
    });
}

void attach_operation::ask_for_several() {
    ask_views_of_each(manager(), names_, weak(),
                      [this](core::instant started, const std::vector<node_views>& of_each) {
                          const node_views views = together(token_, of_each);
                          on_hold(started, find_token(token_, views), views, names_.front());
                      });
}

/// The token does not tell the slot: all are asked for it at once.
void attach_operation::ask_for_slots() {
    const resource_name& name = names_.front();
    std::uint16_t in_use = 0;
    semaphore_ = manager().semaphores().find(name, static_cast<std::uint16_t>(request_.permits()),
                                             manager().nodes(), in_use);
    if (!semaphore_) {
        fail(errc::permits_mismatch, {permits_in_use(request_.permits(), in_use), {}});
        return;
    }
    // With the number: who asks for too few slots would take a permit for lost that is held.
    const auto slots = slots_and_number(manager(), {name, semaphore_->permits});
    ask_views_of_each(
        manager(), slots, weak(),
        [this, slots](core::instant started, const std::vector<node_views>& of_each) {
            std::vector<token_hold> holds;
            std::transform(of_each.begin(), of_each.end() - 1, std::back_inserter(holds),
                           [this](const auto& views) { return find_token(token_, views); });
            const auto most = std::ranges::max_element(
                holds, {}, [](const token_hold& hold) { return hold.granted.size(); });
            const auto number = remembered_permits(of_each.back(), semaphore_->permits);
            // Where both are remembered, it is no mistake of whoever holds the permit.
            if (number.other && (!most->has_quorum || !number.as_asked)) {
                fail(
                    errc::permits_mismatch,
                    {fmt::format("the semaphore has {} permits here and {} for other clients; give "
                                 "all clients the same number",
                                 semaphore_->permits, *number.other),
                     {}});
                return;
            }
            if (number.as_asked) {
                semaphore_->board.on_confirmed(started, {});
            }
            slot_ = static_cast<std::uint16_t>(most - holds.begin());
            on_hold(started, *most, of_each[slot_], slots[slot_]);
        });
}

void attach_operation::on_hold(core::instant started, const token_hold& hold,
                               const node_views& views, resource_name name) {
    if (has_different_nodes(manager())) {
        fail(errc::different_nodes, {manager().nodes().different_nodes(), {}});
        return;
    }
    if (!hold.has_quorum) {
        const bool unknown = hold.may_have_quorum;
        fail(unknown ? errc::no_quorum : errc::lost,
             manager().explain(unknown ? "too few nodes answered to tell whether it is held"
                                       : "no quorum of nodes holds it under this token",
                               failures_in(views)));
        return;
    }
    // A lease without end was set by hand; it is good for one lease time at least.
    const auto remaining = hold.remaining.value_or(lease_time_);
    won_lease won;
    driver::lock_identity identity{
        std::move(name), driver::kept_token{token_}, {hold.fencing.value(), hold.fencing.value()}};
    identity.asked_as = hold.mode;
    identity.bring(extras_of(hold));
    won.turn = core::turn{identity.block, started, {}};
    won.identity = std::move(identity);
    won.lease_time = lease_time_;
    won.stop_margin = stop_margin_of(request_.options(), lease_time_);
    won.renews = request_.options().renew.value_or(false);
    // To whoever attaches, what is left is the lease.
    const auto clock_step = manager().options().clock_step;
    core::backing lease{core::valid_until(started, remaining, clock_step),
                        core::step_of(remaining, clock_step)};
    hold.granted.for_each(
        [&](node_index node) { lease.add(node, manager().nodes().clocks()[node].stepped()); });
    won.holding = {started, std::move(lease), hold.granted, hold.silent};
    if (won.holding.valid_until() <= manager().clock().now()) {
        fail(errc::lost, {"its lease is over", {}});
        return;
    }
    if (semaphore_) {
        semaphore_->board.on_held(slot_);
    }
    held_handle held{new held_lock{manager(), std::move(won)}};
    held->start();
    complete({}, lock{std::move(held)});
}

driver::extras_ptr attach_operation::extras_of(const token_hold& hold) const {
    const std::string& token = token_.str();
    const bool tells_fencing =
        driver::fencing_in_token(token) != 0 || driver::is_unfenced_token(token);
    detail::shared_text record;
    if (!tells_fencing || !hold.label.empty() || hold.edition != 0) {
        record = detail::share_text(driver::encode_holder(
            {hold.fencing.value(), token, hold.label, hold.proclaimed, hold.edition}));
    }
    if (semaphore_) {
        return driver::extras_ptr{new driver::lock_extras{std::move(record), semaphore_, slot_}};
    }
    if (names_.size() > 1) {
        return driver::extras_ptr{new driver::lock_extras{std::move(record), names_}};
    }
    return record ? driver::extras_ptr{new driver::lock_extras{std::move(record)}} : nullptr;
}

void attach_operation::fail(error_code error, diagnostics why) {
    if (request_.options().details != nullptr) {
        *request_.options().details = std::move(why);
    }
    complete(error, nothing());
}

}  // namespace redlock::manager
