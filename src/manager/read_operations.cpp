#include "manager/read_operations.hpp"

#include "base/recycled.hpp"
#include "core/quorum.hpp"
#include "core/validity.hpp"
#include "driver/token.hpp"
#include "driver/votes.hpp"
#include "manager/arguments.hpp"
#include "manager/held_lock.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

namespace {

/// Asks all nodes and hands their views, with what is known of their votes, to `take(started,
/// views)`, unless `operation` is gone by then.
template <class Operation, class Take>
void ask_views(manager_impl& manager, const resource_name& resource,
               const std::weak_ptr<Operation>& operation, Take take) {
    const auto query = std::make_shared<driver::status_query>(manager.nodes(), resource.str());
    query->start([operation, take = std::move(take), started = query->started(),
                  &nodes = manager.nodes()](std::vector<node_status> views) {
        if (const auto alive = operation.lock()) {
            for (auto& view : views) {
                auto why = nodes.why_no_vote(view.node);
                view.vote_error = why.cause;
                view.vote_message = std::move(why.message);
                view.quarantine = nodes.quarantine_left(view.node);
            }
            take(started, std::move(views));
        }
    });
}

/// A majority of such nodes says nothing of the locks of clients with others. Asks again for the
/// next time, reading only: somebody may have vouched.
bool has_different_nodes(manager_impl& manager) {
    const bool different = !manager.nodes().different_nodes().empty();
    if (different) {
        manager.nodes().greet_again(driver::hello_form::reads);
    }
    return different;
}

driver::failures failures_in(const std::vector<node_status>& views) {
    driver::failures why;
    for (const auto& view : views) {
        if (view.error) {
            why.note(view.node, view.error, view.message);
        }
    }
    return why;
}

}  // namespace

status_operation::status_operation(manager_impl& manager, resource_name resource,
                                   completion<error_code, resource_status> handler)
    : read_operation(manager, std::move(handler)), resource_(std::move(resource)) {}

void status_operation::begin() {
    if (auto wrong = manager().check_name(resource_)) {
        resource_status refused;
        refused.message = std::move(*wrong);
        complete(errc::invalid_argument, std::move(refused));
        return;
    }
    ask_views(manager(), resource_, weak(), [this](core::instant, std::vector<node_status> views) {
        resource_status judged = judge(resource_, std::move(views));
        if (has_different_nodes(manager())) {
            judged.verdict = lock_verdict::unknown;
        }
        complete({}, std::move(judged));
    });
}

is_locked_operation::is_locked_operation(manager_impl& manager, resource_name resource,
                                         completion<error_code, bool> handler)
    : read_operation(manager, std::move(handler)), resource_(std::move(resource)) {}

void is_locked_operation::begin() {
    if (manager().check_name(resource_)) {
        complete(errc::invalid_argument, false);
        return;
    }
    ask_views(manager(), resource_, weak(), [this](core::instant, std::vector<node_status> views) {
        if (has_different_nodes(manager())) {
            complete(errc::different_nodes, false);
            return;
        }
        const auto verdict = judge(resource_, std::move(views)).verdict;
        complete(verdict == lock_verdict::unknown ? error_code{errc::no_quorum} : error_code{},
                 verdict == lock_verdict::held);
    });
}

attach_operation::attach_operation(manager_impl& manager, resource_name resource,
                                   detail::acquire_request request,
                                   completion<error_code, lock> handler)
    : read_operation(manager, std::move(handler)),
      resource_(std::move(resource)),
      request_(std::move(request)),
      lease_time_(request_.options().lease_time.value_or(manager.options().lease_time)) {}

void attach_operation::begin() {
    auto wrong = manager().check_name(resource_);
    if (!wrong) {
        wrong = check_acquire(request_, lease_time_, manager().options());
    }
    if (!wrong && request_.identifier().empty()) {
        wrong = "the token is empty; give the one that the lock was acquired with";
    }
    if (wrong) {
        fail(errc::invalid_argument, {std::move(*wrong), {}});
        return;
    }
    ask_views(manager(), resource_, weak(),
              [this](core::instant started, const std::vector<node_status>& views) {
                  on_views(started, views);
              });
}

void attach_operation::on_views(core::instant started, const std::vector<node_status>& views) {
    if (has_different_nodes(manager())) {
        fail(errc::different_nodes, {manager().nodes().different_nodes(), {}});
        return;
    }
    const token_hold hold = find_token(lock_token{request_.identifier()}, views);
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
    const std::string& token = request_.identifier();
    driver::lock_identity identity{resource_,
                                   driver::kept_token{lock_token{token}},
                                   {hold.fencing.value(), hold.fencing.value()}};
    const bool tells_fencing =
        driver::fencing_in_token(token) != 0 || driver::is_unfenced_token(token);
    if (!tells_fencing || !hold.label.empty()) {
        identity.extras =
            driver::only_record(driver::encode_holder(hold.fencing.value(), token, hold.label));
    }
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
    held_handle held{new held_lock{manager(), std::move(won)}};
    held->start();
    complete({}, lock{std::move(held)});
}

void attach_operation::fail(error_code error, diagnostics why) {
    if (request_.options().details != nullptr) {
        *request_.options().details = std::move(why);
    }
    complete(error, nothing());
}

list_operation::list_operation(manager_impl& manager, std::string pattern, std::size_t limit,
                               diagnostics* details,
                               completion<error_code, std::vector<resource_name>> handler)
    : read_operation(manager, std::move(handler)),
      pattern_(std::move(pattern)),
      limit_(limit),
      details_(details) {}

void list_operation::begin() {
    const auto query = std::make_shared<driver::list_query>(manager().nodes(), pattern_, limit_);
    query->start([this, operation = weak()](const driver::list_query::result& found) {
        const auto alive = operation.lock();
        if (!alive) {
            return;
        }
        const bool enough = found.answered.size() >= core::quorum_of(manager().nodes().size());
        if (!enough && details_ != nullptr) {
            *details_ = manager().explain("too few nodes answered", found.why);
        }
        std::vector<resource_name> names(found.names.begin(), found.names.end());
        complete(enough ? error_code{} : error_code{errc::no_quorum}, std::move(names));
    });
}

examine_operation::examine_operation(manager_impl& manager, doctor::examination_terms terms,
                                     diagnostics* details,
                                     completion<error_code, std::vector<node_health>> handler)
    : read_operation(manager, std::move(handler)), terms_(std::move(terms)), details_(details) {}

void examine_operation::begin() {
    auto wrong = terms_.resource.empty() ? complaint{} : manager().check_name(terms_.resource);
    if (wrong) {
        if (details_ != nullptr) {
            *details_ = {std::move(*wrong), {}};
        }
        complete(errc::invalid_argument, {});
        return;
    }
    examination_.emplace(manager().nodes(), manager().clock(), std::move(terms_));
    examination_->start([this](std::vector<node_health> seen) { complete({}, std::move(seen)); });
}

}  // namespace redlock::manager
