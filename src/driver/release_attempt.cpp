#include "driver/release_attempt.hpp"

#include <string>
#include <utility>
#include <vector>

#include "driver/several_names.hpp"
#include "driver/token.hpp"
#include "driver/votes.hpp"

namespace redlock::driver {

namespace {

/// Nobody plants a lock without fencing again, and its resource may have no fence.
bool bars_above_the_fence(std::string_view token, release_attempt::knowledge known) {
    return known == release_attempt::knowledge::token_only && !is_unfenced_token(token);
}

/// Also of a lock that was exclusive, whether its nodes know of the change or not.
script_call encode_shared(const node_pool& pool, const lock_identity& identity, std::uint64_t bar,
                          release_attempt::knowledge known, std::chrono::milliseconds kept) {
    const std::string& resource = identity.resource.str();
    const written_token token = identity.written();
    const std::string readers = pool.keys().readers(resource);
    const bool above = bars_above_the_fence(token.view(), known);
    if (bar == 0 && !above && kept <= kept.zero()) {
        return {scripts::release_shared,
                {resource, pool.keys().fence_pieces(resource), readers},
                {token.view()}};
    }
    const auto lifetime = pool.options().fence_lifetime.count();
    const auto window = std::chrono::microseconds{pool.options().clock_window}.count();
    return {scripts::release_shared,
            {resource, pool.keys().fence_pieces(resource), readers},
            {token.view(), bar, lifetime, window, above ? "1" : "0", kept.count()}};
}

script_call encode(const node_pool& pool, const lock_identity& identity, std::uint64_t bar,
                   release_attempt::knowledge known, std::chrono::milliseconds kept) {
    const written_token token = identity.written();
    const holder_arguments holder{pool.keys(), identity};
    const bool above = bars_above_the_fence(token.view(), known);
    const bool ends = kept <= kept.zero();
    const bool alone = bar == 0 && !above && ends && holder.key().empty();
    if (alone && (pool.options().fencing || !identity.asks_who_waits)) {
        return {scripts::release, {identity.resource.str()}, {token.view()}};
    }
    const key_pieces fence = pool.keys().fence_pieces(identity.resource.str());
    if (alone) {
        // SET does not see who waits: the next acquisition knows it from here.
        return {scripts::release, {identity.resource.str(), fence}, {token.view()}};
    }
    const auto lifetime = pool.options().fence_lifetime.count();
    const auto window = std::chrono::microseconds{pool.options().clock_window}.count();
    return {scripts::release,
            {identity.resource.str(), fence, holder.key()},
            {token.view(), bar, lifetime, window,
             above   ? "1"
             : !ends ? "0"
                     : std::string_view{},
             ends ? script_argument{} : script_argument{kept.count()}}};
}

/// Only what keeps one order lets nothing overtake.
core::release_targets in_order(node_pool& pool, core::release_targets targets) {
    core::node_set following;
    targets.following.for_each([&](node_index node) {
        if (pool.at(node).keeps_order()) {
            following.insert(node);
        }
    });
    targets.following = following;
    return targets;
}

}  // namespace

release_attempt::release_attempt(node_pool& pool, shared_identity identity,
                                 core::release_targets targets,
                                 std::chrono::milliseconds lease_time, knowledge known,
                                 std::chrono::milliseconds kept)
    : fan_out(pool),
      identity_(std::move(identity)),
      known_(known),
      kept_(kept),
      unsettled_(targets.all()),
      until_(pool.now() + lease_time),
      round_(pool.size(), in_order(pool, targets)) {}

void release_attempt::start(std::shared_ptr<owner> told) {
    owner_ = std::move(told);
    const auto keep = shared_from_this();
    open_write_.emplace(pool());
    note_release();
    std::vector<std::pair<node_index, error_code>> unreachable;
    unsettled_.for_each([&](node_index node) {
        // Even a node that is given nothing new must hear this: its ACQUIRE may be before it.
        if (const error_code error =
                ask(node, command_for(node), redis::delivery::must_follow, pool().now())) {
            unreachable.emplace_back(node, error);
        }
    });
    for (const auto& [node, error] : unreachable) {
        on_no_answer(node, error, pool().at(node).last_error_message(), false);
    }
    tell_owner();
    settle_if_done();
}

const script_call& release_attempt::call_for(node_index node) {
    // Of several names a release that is told the token alone knows the whole block, which is one
    // wide. Whoever acquired it may still ask to have it planted again.
    const bool is_told_token =
        known_ == knowledge::token_only && identity_->kind == lock_kind::several;
    const bool bars = round_.bars(node) || is_told_token;
    std::optional<script_call>& call = bars ? barred_ : plain_;
    if (!call) {
        // Of a lock of another library no ballot is known.
        const bool has_ballots = identity_->block.first != 0;
        const std::uint64_t bar = bars && has_ballots ? identity_->block.bar() : 0;
        call = identity_->kind == lock_kind::several
                   ? release_all_call(pool(), *identity_, bar, kept_)
               : identity_.mode() == lock_mode::shared
                   ? encode_shared(pool(), *identity_, bar, known_, kept_)
                   : encode(pool(), *identity_, bar, known_, kept_);
    }
    return *call;
}

bool release_attempt::has_native(node_index node) {
    const script_call& call = call_for(node);
    const redis::conditional_delete how = pool().at(node).deletes();
    const redis::shareable& form = call.command().share;
    if (!plain_ || &call != &*plain_ || form.arguments != 1 || form.keys != 1 ||
        how == redis::conditional_delete::none) {
        return false;
    }
    if (!native_) {
        native_how_ = how;
        native_ =
            native_command::release(how, identity_->resource.str(), identity_->written().view());
    }
    // Where nodes are servers of several kinds, the script serves those of the second.
    return native_how_ == how;
}

redis::command release_attempt::command_for(node_index node) {
    if (!has_native(node)) {
        return call_for(node).command();
    }
    natively_.insert(node);
    return native_->command();
}

const script_call* release_attempt::script_for(node_index node) {
    return &call_for(node);
}

void release_attempt::on_answer(node_index node, const redis::reply_view& reply) {
    if (reply.is_error() && natively_.contains(node)) {
        // The user may not, or somebody refuses the command: the script does the same, and where it
        // fails as well, its error is the one that tells what to do.
        natively_.erase(node);
        pool().at(node).forgo_native();
        ask_or_report(node, call_for(node), redis::delivery::must_follow);
        on_repeated(node);
        return;
    }
    auto answer = parse_release(reply, {.resource = identity_->resource.str(),
                                        .keys = &pool().keys(),
                                        .script = call_for(node).script()});
    if (!answer.vote && surely_not_executed(answer.why.cause)) {
        // It must be said again once the node is itself again.
        on_no_answer(node, answer.why.cause, std::move(answer.why.message), false);
        return;
    }
    if (!answer.vote) {
        failed().note(node, answer.why.cause, std::move(answer.why.message));
        round_.on_vote(node, core::release_answer::unknown);
    } else {
        failed().clear(node);
        if (answer.vote->waited_for) {
            note_waiters(pool(), *identity_);
        }
        round_.on_vote(node, answer.vote->answer);
    }
    const bool owner_tells = owner_ != nullptr;
    tell_owner();
    if (!owner_tells && answer.vote && answer.vote->answer == core::release_answer::removed) {
        tell_competitors(node);
    }
    settle(node);
}

/// Those of this process who wait for it: the node tells everybody but the connection on which the
/// change came, and one of them may have been refused there because of this lock meanwhile.
void release_attempt::tell_competitors(node_index node) {
    for (const resource_name& each : identity_->watched_names()) {
        pool().watches().tell_taken_back(node, each.str());
    }
}

void release_attempt::on_no_answer(node_index node, error_code cause, std::string message,
                                   bool maybe_executed) {
    failed().note(node, cause, std::move(message));
    round_.on_vote(
        node, maybe_executed ? core::release_answer::unknown : core::release_answer::not_executed);
    if (cause != node_errc::no_answer && cause != node_errc::same_server) {
        // The connection is gone and the release with it. A mere timeout is different: the command
        // is still on its way behind the ACQUIRE.
        round_.on_connection_lost(node);
        const script_call& call = call_for(node);
        pool().at(node).send_when_ready({.encoded = std::string{call.command().encoded},
                                         .key = std::string{call.key()},
                                         .sink = shared_from_this(),
                                         .until = until_,
                                         .timeout = pool().options().node_timeout},
                                        worth::lease);
    }
    tell_owner();
    settle(node);
}

void release_attempt::settle(node_index node) {
    unsettled_.erase(node);
    settle_if_done();
}

void release_attempt::settle_if_done() {
    if (!unsettled_.empty() || !open_write_) {
        return;
    }
    // Settled at the end of this function, when the one who waits has been told.
    const auto settling = std::exchange(open_write_, std::nullopt);
    if (const auto tell = std::exchange(settled_, nullptr)) {
        tell();
    }
}

void release_attempt::note_release() {
    if (!pool().options().fencing) {
        for (const resource_name& each : identity_->names()) {
            pool().note_release(each.str());
        }
    }
}

void release_attempt::tell_owner() {
    if (owner_ && round_.outcome() != core::release_outcome::pending) {
        // Again: with distant nodes the caller comes back long after the release was sent.
        note_release();
        std::exchange(owner_, nullptr)->on_release_decided(*this);
    }
}

}  // namespace redlock::driver
