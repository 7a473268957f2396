#include "driver/acquire_attempt.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/recycled.hpp"
#include "core/quorum.hpp"
#include "driver/fence_advice.hpp"
#include "driver/line_exit.hpp"
#include "driver/release_attempt.hpp"
#include "driver/several_names.hpp"
#include "driver/slot_calls.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

namespace {

script_call encode(const node_pool& pool, const lock_identity& identity,
                   std::chrono::milliseconds lease_time, const line_place* place,
                   acquire_attempt::manners how, slot_form form = slot_form::lock) {
    if (identity.semaphore() != nullptr && (form == slot_form::look || place != nullptr)) {
        return encode_slot_call(pool, identity,
                                {.lease_time = lease_time,
                                 .place = place,
                                 .yields = how == acquire_attempt::manners::leaves_it_to_the_line});
    }
    const auto& options = pool.options();
    const key_pieces fence = pool.keys().fence_pieces(identity.resource.str());
    const auto ballot = identity.block.first;
    const auto last = identity.block.last;
    const auto lease = lease_time.count();
    const auto window = std::chrono::microseconds{options.clock_window}.count();
    const auto fence_lifetime = options.fence_lifetime.count();
    const written_token token = identity.written();
    const std::string_view manners =
        how == acquire_attempt::manners::leaves_it_to_the_line ? "1" : "0";
    if (identity.kind == lock_kind::several) {
        return acquire_all_call(pool, identity, lease_time,
                                how == acquire_attempt::manners::leaves_it_to_the_line,
                                place != nullptr ? place->ticket : 0);
    }
    if (identity.asked_as == lock_mode::shared) {
        const std::string readers = pool.keys().readers(identity.resource.str());
        const script_argument record = record_of(identity);
        if (place == nullptr) {
            return {scripts::acquire_shared,
                    {identity.resource.str(), fence, readers},
                    {token.view(), ballot, last, lease, window, fence_lifetime, manners, record}};
        }
        return {
            scripts::acquire_shared_in_line,
            {identity.resource.str(), fence, readers, pool.keys().line(identity.resource.str())},
            {token.view(), ballot, last, lease, window, fence_lifetime, place->id, place->ticket,
             place_lease.count(), line_grace.count(), longest_line, record}};
    }
    const holder_arguments holder{pool.keys(), identity};
    if (place == nullptr) {
        return {
            scripts::acquire,
            {identity.resource.str(), fence, holder.key()},
            {token.view(), ballot, last, lease, window, fence_lifetime, manners, holder.record()}};
    }
    const std::string line = pool.keys().line(identity.resource.str());
    const auto ticket = place->ticket;
    return {scripts::acquire_in_line,
            {identity.resource.str(), fence, line, holder.key()},
            {token.view(), ballot, last, lease, window, fence_lifetime, place->id, ticket,
             place_lease.count(), line_grace.count(), longest_line, holder.record()}};
}

}  // namespace

acquire_attempt::acquire_attempt(node_pool& pool, lock_identity&& identity,
                                 std::chrono::milliseconds lease_time, const line_place* place,
                                 manners how, slot_form form)
    : fan_out(pool),
      lease_time_(lease_time),
      how_(how),
      wall_us_(pool.wall_us()),
      // Before anything is encoded or sent: validity counts from here.
      round_(
          new core::acquire_round{pool.size(), lease_time, pool.now(), pool.options().clock_step}),
      place_id_(place != nullptr ? place->id : std::string{}) {
    const bool natively = place == nullptr && form == slot_form::lock && begins_natively(identity);
    if (natively) {
        identity.asks_who_waits = may_come_before_the_line(identity.resource.str());
    }
    identity_ = shared_identity{std::move(identity)};
    if (natively) {
        native_ = native_command::acquire(identity_->resource.str(), identity_->written().view(),
                                          lease_time_);
    } else {
        call_ = encode(pool, *identity_, lease_time, place, how, form);
    }
}

/// Not for a lock that the line is to have first, if there may be one, nor with a record beside it.
bool acquire_attempt::begins_natively(const lock_identity& identity) const {
    return !pool().options().fencing && identity.asked_as == lock_mode::exclusive &&
           identity.kind != lock_kind::several && record_of(identity).empty() &&
           (how_ == manners::takes_it || !pool().may_have_waiters(identity.resource.str()));
}

/// SET takes a free lock without a look at who waits. Where this client is back so soon that they
/// may not have come yet, its release has to tell of them, or it would be before them each time.
bool acquire_attempt::may_come_before_the_line(const std::string& resource) const {
    return pool().may_have_waiters(resource) || pool().released_lately(resource, round_->started());
}

void acquire_attempt::start(owner& told) {
    owner_ = &told;
    open_write_.emplace(pool());
    // All nodes are asked before any failure is counted: a round that is decided in the middle
    // would take a node for doubtful that was never asked.
    std::vector<std::pair<node_index, error_code>> unreachable;
    core::node_set without_vote;
    for (node_index node = 0; node < pool().size(); ++node) {
        pool().at(node).announce_vote(round_->started());
        if (pool().at(node).connected() && !pool().may_vote(node, round_->started())) {
            without_vote.insert(node);
        } else if (const error_code error =
                       ask(node, command_for(node), redis::delivery::usual, round_->started())) {
            unreachable.emplace_back(node, error);
        }
    }
    const auto keep = shared_from_this();
    for (const auto& [node, error] : unreachable) {
        on_no_answer(node, error, pool().at(node).last_error_message(), false);
    }
    without_vote.for_each([&](node_index node) {
        on_no_vote(node);
        vote(node, {.answer = core::acquire_answer::quarantined}, pool().now());
    });
}

void acquire_attempt::on_no_vote(node_index node) {
    refusal why = pool().why_no_vote(node);
    if (!why.cause) {
        // Of a cluster that answers before its masters have said who they are, or of a node that
        // was connected to anew and has not heard of our settings yet.
        why = {node_errc::quarantined, pool().at(node).last_error_message()};
    }
    failed().note(node, why.cause, std::move(why.message));
    pool().at(node).greet_again();
}

redis::command acquire_attempt::command_for(node_index node) {
    if (!native_ || !pool().at(node).runs_scripts()) {
        return call().command();
    }
    natively_.insert(node);
    return native_->command();
}

const script_call& acquire_attempt::call() {
    if (call_.script() == nullptr) {
        call_ = encode(pool(), *identity_, lease_time_, nullptr, how_);
    }
    return call_;
}

const script_call* acquire_attempt::script_for(node_index /*node*/) {
    return round_->may_ask_again() ? &call() : nullptr;
}

void acquire_attempt::on_repeated(node_index node) {
    natively_.erase(node);
    // The holder has left the line before, and may just have taken a place again.
    if (round_->outcome() == core::acquire_outcome::held && !place_id_.empty()) {
        const semaphore_state* const semaphore = identity_->semaphore();
        const resource_name& waited_for =
            semaphore != nullptr ? semaphore->slots : identity_->resource;
        leave_line(pool(), waited_for.str(), place_id_, core::node_set::only(node));
    }
}

void acquire_attempt::on_answer(node_index node, const redis::reply_view& reply) {
    const bool natively = natively_.contains(node);
    natively_.erase(node);
    if (natively && reply.is_nil() && round_->outcome() == core::acquire_outcome::pending) {
        // The script tells who has the lock.
        ask_or_report(node, call());
        return;
    }
    if (identity_->semaphore() != nullptr && learn_of_slots(node, reply)) {
        on_no_answer(node, node_errc::configuration_mismatch,
                     "its other clients have another number of permits", false);
        return;
    }
    const core::wall_span during{wall_us_, pool().wall_us(), pool().offset_us()};
    const acl_context sent{.resource = identity_->resource.str(),
                           .keys = &pool().keys(),
                           .script = natively ? nullptr : call_.script()};
    auto answer = natively ? parse_native_acquire(reply, sent)
                           : parse_acquire(reply, during, pool().options().clock_window, sent);
    if (!answer.vote) {
        on_no_answer(node, answer.why.cause, std::move(answer.why.message),
                     !surely_not_executed(answer.why.cause));
        return;
    }
    if (!natively) {
        pool().at(node).note_script_ran();
        learn_of_waiters(*answer.vote);
    }
    const core::instant now = pool().now();
    if (answer.vote->node_time_us != 0) {
        answer.vote->stepped =
            pool().note_time(node, answer.vote->node_time_us, round_->started(), now);
    } else if (natively) {
        // A step that shows only later counts against the lock, wherever it came.
        answer.vote->stepped = pool().clocks()[node].stepped();
    }
    answer.vote->counts = pool().vote_counts(node, round_->started());
    if (!answer.vote->counts) {
        on_no_vote(node);
    } else if (held_by_no_lock(reply)) {
        const std::string& resource = name_meant_by(reply, *identity_);
        failed().note(node, node_errc::wrong_type, advice_for_wrong_type(resource, resource));
    } else {
        note_refusal(node, *answer.vote, name_meant_by(reply, *identity_), during.offset_us);
    }
    vote(node, *answer.vote, now);
}

/// Why a node with a vote does not grant it, where somebody can do something about it.
void acquire_attempt::note_refusal(node_index node, const core::acquire_vote& vote,
                                   const std::string& resource, std::int64_t believed_offset_us) {
    switch (vote.answer) {
        case core::acquire_answer::out_of_window:
            failed().note(
                node, node_errc::clock_window,
                vote.offset_us == believed_offset_us
                    ? "the fencing token was too far from its clock when it arrived"
                    : "clock differs from ours by " + decimal(vote.offset_us / 1000) + " ms");
            break;
        case core::acquire_answer::fence_ahead:
            failed().note(node, node_errc::fence_ahead,
                          fence_advice(pool().keys().fence(resource), vote.fence, vote.node_time_us,
                                       vote.fence_left));
            break;
        default:
            failed().clear(node);
    }
}

void acquire_attempt::on_no_answer(node_index node, error_code cause, std::string message,
                                   bool maybe_executed) {
    failed().note(node, cause, std::move(message));
    vote(node,
         {.answer =
              maybe_executed ? core::acquire_answer::unknown : core::acquire_answer::not_executed},
         pool().now());
}

void acquire_attempt::vote(node_index node, const core::acquire_vote& vote, core::instant now) {
    const auto before = round_->outcome();
    const auto effects = round_->on_vote(node, vote, now);
    if (vote.answer == core::acquire_answer::granted && before != core::acquire_outcome::pending &&
        before != core::acquire_outcome::held) {
        // The release that undoes it travels behind the ACQUIRE already, or goes out now.
        pool().tell({.kind = event_kind::late_grant_released,
                     .resource = identity_->resource.str(),
                     .fencing = fencing_token{identity_->block.first},
                     .node = node,
                     .node_name = pool().names()[node]});
    }
    execute(effects);
    settle_deferred(node, vote.answer);
    // After the release that may have begun just now, so that there is no gap between the two
    // counts.
    if (round_->pending().empty()) {
        open_write_.reset();
    }
    if (effects.finished && owner_ != nullptr) {
        std::exchange(owner_, nullptr)->on_attempt_decided();
    }
}

void acquire_attempt::on_deadline() {
    owner_ = nullptr;
    round_->pending().for_each([this](node_index node) {
        auto why = pool().why_silent(node);
        failed().note(node, why.cause, std::move(why.message));
    });
    execute(round_->on_deadline());
    open_write_.reset();  // what is still open is the release's now
}

void acquire_attempt::cancel(std::function<void()> cleaned_up) {
    owner_ = nullptr;
    auto effects = round_->cancel();
    effects.release_doubtful = effects.release_doubtful | std::exchange(deferred_releases_, {});
    execute(effects, std::move(cleaned_up));
    open_write_.reset();
}

void acquire_attempt::release_stragglers() {
    release({}, std::exchange(deferred_releases_, {}));
}

void acquire_attempt::execute(const core::acquire_effects& effects,
                              std::function<void()> cleaned_up) {
    auto doubtful = effects.release_doubtful;
    if (effects.finished) {
        learn();
        if (round_->outcome() == core::acquire_outcome::contended) {
            deferred_releases_ = doubtful & round_->pending();
            doubtful = doubtful - deferred_releases_;
        }
    }
    release(effects.release, doubtful, std::move(cleaned_up));
}

/// An answer that came after the attempt was lost.
void acquire_attempt::settle_deferred(node_index node, core::acquire_answer answer) {
    if (!deferred_releases_.contains(node)) {
        return;
    }
    deferred_releases_.erase(node);
    const auto only = core::node_set::only(node);
    if (answer == core::acquire_answer::granted) {
        release(only, {});
    } else if (answer == core::acquire_answer::unknown) {
        release({}, only);
    }
}

void acquire_attempt::release(core::node_set granted, core::node_set doubtful,
                              std::function<void()> settled) {
    if (granted.empty() && doubtful.empty()) {
        if (settled) {
            settled();
        }
        return;
    }
    const auto undo = base::make_recycled<release_attempt>(
        pool(), identity_, core::release_targets{granted, doubtful, doubtful & round_->pending()},
        lease_time_);
    undo->on_settled(std::move(settled));
    undo->start(nullptr);
}

void acquire_attempt::learn_of_waiters(const core::acquire_vote& vote) {
    if (pool().options().fencing) {
        return;
    }
    const bool granted = vote.answer == core::acquire_answer::granted;
    if (granted ? vote.waiting > 0 : vote.holder == core::acquire_vote::nobody_yet) {
        note_waiters(pool(), *identity_);
    } else if (granted && identity_->kind != lock_kind::several) {
        // Of several names an answer does not tell whether others wait for one.
        pool().forget_waiters(identity_->resource.str());
    }
}

/// True if other clients have another number of them there.
bool acquire_attempt::learn_of_slots(node_index node, const redis::reply_view& reply) {
    if (reply.is_array() || reply.is_integer() || reply.is_nil()) {
        note_slots(identity_->semaphore()->board, identity_->extras->slot, node, reply);
    }
    const auto others = permits_of_others(reply);
    if (others) {
        disagreement_ = std::make_unique<permits_disagreement>(node, *others);
    }
    return others.has_value();
}

void acquire_attempt::learn() {
    if (!pool().options().fencing) {
        return;
    }
    pool().note_offsets(round_->offsets_us());
    const bool refused = round_->refused_by_clocks();
    // A majority refused because of its clocks: what the others keep leads there again.
    const bool by_majority = round_->offsets_us().size() > core::tolerated_by(pool().size());
    const std::uint64_t fence =
        std::max(by_majority ? 0 : round_->largest_fence(), refused ? 0 : identity_->block.bar());
    for (const resource_name& each : identity_->names()) {
        if (refused) {
            pool().forget_fence(each.str());
        }
        pool().note_fence(each.str(), fence);
    }
}

}  // namespace redlock::driver
