// How an acquisition ends without the lock: which error that is, and what is told of it. Strand
// only.

#include <memory>
#include <utility>
#include <vector>

#include "driver/queries.hpp"
#include "driver/votes.hpp"
#include "manager/acquire_operation.hpp"
#include "manager/verdict.hpp"

namespace redlock::manager {

namespace {

std::pair<errc, std::string_view> explanation(core::wait_end end) {
    if (end == core::wait_end::contended) {
        return {errc::contended, "somebody else holds it"};
    }
    if (end == core::wait_end::timed_out) {
        return {errc::timed_out, "somebody else held it for the whole wait"};
    }
    return {errc::no_quorum, "too few nodes answered in time for a majority"};
}

/// The same of a permit.
std::string_view permit_explanation(core::wait_end end) {
    return end == core::wait_end::contended   ? "others hold all permits"
           : end == core::wait_end::timed_out ? "others held all permits for the whole wait"
                                              : explanation(end).second;
}

}  // namespace

/// How many stand there before us; nothing where the nodes have not told.
std::optional<std::size_t> acquire_operation::place_in_line() const {
    const bool told = attempt_->round().outcome() == core::acquire_outcome::contended;
    return told && !place_.id.empty() ? std::optional{attempt_->round().ahead()} : std::nullopt;
}

/// With such nodes a majority excludes nobody, whatever they vote.
bool acquire_operation::fail_for_wrong_nodes() {
    auto& nodes = manager_.nodes();
    if (!nodes.same_server_twice().empty()) {
        fail(errc::same_server_twice, nodes.same_server_twice());
        return true;
    }
    if (!nodes.different_nodes().empty()) {
        nodes.greet_again();
        fail(errc::different_nodes, nodes.different_nodes());
        return true;
    }
    return false;
}

void acquire_operation::finish(core::wait_end end) {
    if (fail_for_wrong_nodes()) {
        return;
    }
    const auto [error, message] = explanation(end);
    if (permit_) {
        fail(error, std::string{permit_explanation(end)});
        return;
    }
    if (error != errc::no_quorum && request_.options().details != nullptr) {
        step_aside();
        ask_for_holder(error, message, 0);
        return;
    }
    const bool by_fence =
        end == core::wait_end::unavailable && attempt_ && !attempt_->round().fence_ahead().empty();
    fail(error,
         std::string{by_fence ? "too few nodes can accept a fencing token for it" : message});
}

/// Somebody has it: for whoever wants to know more than that, the nodes are read once. Of several
/// names one after the other, until one has a holder.
void acquire_operation::ask_for_holder(errc error, std::string_view message, std::size_t which) {
    const auto query = std::make_shared<driver::status_query>(
        manager_.nodes(), names()[which].str(), driver::readers_told::all);
    query->start([weak = weak_from_this(), error, message, which](std::vector<node_status> views) {
        const auto self = weak.lock();
        if (!self || self->acquisition_.is_over()) {
            return;
        }
        if (self->manager_.nodes().different_nodes().empty()) {
            auto who = judge(self->names()[which], std::move(views)).held_by();
            if (who && self->names().size() > 1) {
                who->resource = self->names()[which];
            }
            self->note_holder(std::move(who));
        }
        if (!self->holder_ && which + 1 < self->names().size()) {
            self->ask_for_holder(error, message, which + 1);
        } else {
            self->fail(error, std::string{message});
        }
    });
}

void acquire_operation::note_holder(std::optional<lock_holder> who) {
    // Of a key that is no lock the attempt's own words say what to do about it.
    if (who && who->token.str() != driver::no_lock) {
        holder_ = std::make_unique<lock_holder>(std::move(*who));
    }
}

/// It does not want the lock any more, and nobody is to wait for it.
void acquire_operation::step_aside() {
    acquisition_.find_holder();
    manager_.clock().cancel(*this);
    if (attempt_) {
        attempt_->release_stragglers();
        attempt_->forget_owner();
    }
    leave_nodes_line({});
    let_go();
}

/// Nobody was asked for a vote, since too few nodes have said who they are.
void acquire_operation::note_silent_nodes() {
    auto& nodes = manager_.nodes();
    for (node_index which = 0; which < nodes.size(); ++which) {
        const driver::node& asked = nodes.at(which);
        auto why = asked.connected() ? nodes.why_no_vote(which) : nodes.why_silent(which);
        if (!why.cause && !asked.introduced()) {
            why = nodes.why_silent(which);
        }
        if (why.cause) {
            earlier_failures_.note(which, why.cause, std::move(why.message));
        }
    }
}

const driver::failures& acquire_operation::reasons() {
    if (!attempt_) {
        note_silent_nodes();
    }
    return attempt_ && !attempt_->why().empty() ? attempt_->why() : earlier_failures_;
}

void acquire_operation::fail(error_code error, std::string message) {
    static const driver::failures none;
    const auto& failures = error == errc::no_quorum ? reasons() : attempt_ ? attempt_->why() : none;
    auto why = manager_.explain(std::move(message), failures);
    manager_.nodes().tell({.kind = event_kind::acquire_failed,
                           .resource = resource_.str(),
                           .error = error,
                           .message = why.to_string(),
                           .elapsed = manager_.clock().now() - asked_at_});
    if (holder_) {
        why.holder = std::move(*holder_);
    }
    if (request_.options().details != nullptr) {
        *request_.options().details = std::move(why);
    }
    complete(error, lock{manager_.its_home()});
}

}  // namespace redlock::manager
