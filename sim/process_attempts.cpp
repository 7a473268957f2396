// Attempts to win the lock, and giving back; as src/driver's acquire_attempt and release_attempt.
#include <algorithm>

#include "core/quorum.hpp"
#include "sim/process.hpp"

namespace redlock::sim {

namespace {

const std::array<std::string, most_resources> resource_names{"a", "b"};

core::acquire_vote vote_of(const node_reply& reply, core::wall_span during,
                           std::int64_t window_us) {
    using core::acquire_answer;
    core::acquire_vote vote;
    switch (reply.answer) {
        case node_answer::granted:
            vote.answer = acquire_answer::granted;
            break;
        case node_answer::busy:
            vote.answer = acquire_answer::busy;
            vote.holder = reply.holder;
            vote.holder_remaining = std::chrono::milliseconds{reply.value};
            vote.ahead = static_cast<std::size_t>(reply.ahead);
            break;
        case node_answer::called:
            vote.answer = acquire_answer::busy;
            vote.holder = core::acquire_vote::nobody_yet;
            vote.holder_remaining = std::chrono::milliseconds{reply.value};
            vote.ahead = static_cast<std::size_t>(reply.ahead);
            break;
        case node_answer::stale:
            vote.fence = static_cast<std::uint64_t>(reply.value);
            vote.answer = core::out_of_reach(vote.fence, reply.now_us, window_us)
                              ? acquire_answer::fence_ahead
                              : acquire_answer::stale;
            break;
        case node_answer::out_of_window:
            vote.answer = acquire_answer::out_of_window;
            vote.offset_us = core::offset_of(reply.value, during);
            break;
        default:
            // An error from the middle of a script tells nothing of what was done before it.
            vote.answer = acquire_answer::unknown;
            break;
    }
    return vote;
}

}  // namespace

void process::start_round(user& who) {
    who.session->on_round_started();
    who.watches = who.watches || (who.expects_contention && who.session->wants_news());
    if (fails_for_wrong_nodes(who)) {
        return;
    }
    const plan& with = *on_.with;
    const std::int64_t window_us = terms_.window_ms * 1000;
    const std::uint64_t known =
        fences_.largest(resource_names[who.what.resource], wall_us() + offset_us_);
    const auto block = core::next_block(known, wall_us(), offset_us_, block_width(who),
                                        static_cast<std::uint64_t>(window_us / 4));
    if (block->first <= known) {
        on_.judge.condemn(check::token_order, on_.now, block->first);
    }
    if (who.attempt != none) {
        release_stragglers(who.attempt);
    }
    who.attempt = on_.attempts.add(terms_.nodes, who.what.lease_ms, clock(), terms_.step_ms);
    attempt& it = on_.attempts[who.attempt];
    it.client = number_;
    it.user = who.number;
    it.resource = who.what.resource;
    it.wall_us = wall_us();
    it.block = *block;
    it.call = {.token = who.attempt + 1U,
               .ballot = block->first,
               .last = block->last,
               .lease_ms = who.what.lease_ms,
               .window_us = window_us,
               .fence_lifetime_ms = terms_.fence_lifetime_ms,
               .yields = is_casual(who) && with.fair};
    it.begun = on_.now;
    it.floor = on_.judge.floor(it.resource);
    it.in_line = who.expects_contention && with.fair;
    if (it.in_line) {
        if (who.place == 0) {
            who.place = (std::uint64_t{number_} + 1) << 32 | ++places_;
            who.ticket = block->first;
        }
        it.place = {who.place, who.ticket, with.place_lease_ms, with.grace_ms, 128};
        on_.note(rule::waited_in_line);
    }
    who.at = user_state::attempting;
    tell("user ", who.number, " tries #", it.call.token, " with ballots ", block->first, "..",
         block->last);
    set_alarm(who, who.session->deadline());
    send_to_all(who.attempt);
}

void process::send_to_all(std::uint32_t number) {
    attempt& it = on_.attempts[number];
    // All nodes are asked before any failure is counted: a round that is decided in the middle
    // would take a node for doubtful that was never asked.
    core::node_set unreachable;
    core::node_set without_vote;
    for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
        const bool connected = links_[node].at == link::state::ready;
        if (connected && !may_vote(node, it.round.started())) {
            without_vote.insert(node);
            continue;
        }
        const std::uint32_t command = new_command(command_kind::acquire, node, it.resource, number);
        if (send(command) == sending::unreachable) {
            unreachable.insert(node);
        } else {
            it.commands[node] = command;
        }
    }
    on_.events.push(
        {.at = when(it.round.started() + std::chrono::milliseconds{on_.with->node_timeout_ms}),
         .kind = event_kind::round_late,
         .client = number_,
         .detail = static_cast<std::uint8_t>(command_kind::acquire),
         .subject = number});
    unreachable.for_each(
        [&](node_index node) { no_vote(number, static_cast<std::uint8_t>(node), false); });
    without_vote.for_each([&](node_index node) {
        on_.note(rule::quarantined_not_asked);
        greet_again(static_cast<std::uint8_t>(node));
        vote(number, static_cast<std::uint8_t>(node),
             {.answer = core::acquire_answer::quarantined});
    });
}

void process::on_acquire_answer(const command& what) {
    attempt& it = on_.attempts[what.subject];
    core::acquire_vote answer =
        vote_of(what.reply, {it.wall_us, wall_us(), offset_us_}, it.call.window_us);
    if (answer.answer == core::acquire_answer::unknown) {
        on_.note(rule::error_reply);
    }
    answer.stepped = note_time(what, it.round.started());
    if (answer.answer == core::acquire_answer::fence_ahead) {
        on_.note(rule::fence_out_of_reach);
    }
    answer.counts = may_vote(what.node, it.round.started());
    if (!answer.counts) {
        greet_again(what.node);
    } else if (links_[what.node].identity > 1 && guards()) {
        on_.note(rule::quarantine_over);
    }
    vote(what.subject, what.node, answer);
}

void process::no_vote(std::uint32_t number, std::uint8_t node, bool maybe_executed) {
    vote(number, node,
         {.answer =
              maybe_executed ? core::acquire_answer::unknown : core::acquire_answer::not_executed});
}

void process::vote(std::uint32_t number, std::uint8_t node, const core::acquire_vote& vote) {
    attempt& it = on_.attempts[number];
    const auto before = it.round.outcome();
    if (vote.answer == core::acquire_answer::granted) {
        if (!vote.counts) {
            on_.note(rule::quarantined_vote_discarded);
        } else if (before == core::acquire_outcome::held) {
            on_.note(rule::late_grant_to_holder);
        } else if (before != core::acquire_outcome::pending) {
            on_.note(rule::late_grant_given_back);
        }
    }
    const auto effects = it.round.on_vote(node, vote, clock());
    execute(number, effects);
    settle_deferred(number, node, vote.answer);
    if (effects.finished && it.has_owner) {
        it.has_owner = false;
        on_attempt_decided(number);
    }
}

void process::execute(std::uint32_t number, const core::acquire_effects& effects) {
    attempt& it = on_.attempts[number];
    auto doubtful = effects.release_doubtful;
    if (effects.finished) {
        tell("#", it.call.token, " is ", core::to_string(it.round.outcome()));
        learn(it);
        if (it.round.outcome() == core::acquire_outcome::contended) {
            it.deferred = doubtful & it.round.pending();
            doubtful = doubtful - it.deferred;
        }
    }
    // What is given back of a round that goes on may come back when the node has a vote.
    const bool final = it.round.outcome() != core::acquire_outcome::pending &&
                       it.round.outcome() != core::acquire_outcome::held;
    give_back(number, effects.release, doubtful, final);
}

/// An answer that came after the attempt was lost.
void process::settle_deferred(std::uint32_t number, std::uint8_t node,
                              core::acquire_answer answer) {
    attempt& it = on_.attempts[number];
    if (!it.deferred.contains(node)) {
        return;
    }
    it.deferred.erase(node);
    core::node_set only;
    only.insert(node);
    if (answer == core::acquire_answer::granted) {
        on_.note(rule::deferred_release_settled);
        give_back(number, only, {}, true);
    } else if (answer == core::acquire_answer::unknown) {
        on_.note(rule::deferred_release_settled);
        give_back(number, {}, only, true);
    }
}

void process::release_stragglers(std::uint32_t number) {
    const core::node_set deferred = std::exchange(on_.attempts[number].deferred, {});
    if (!deferred.empty()) {
        on_.note(rule::straggler_released);
    }
    give_back(number, {}, deferred, true);
}

void process::attempt_deadline(std::uint32_t number) {
    attempt& it = on_.attempts[number];
    it.has_owner = false;
    execute(number, it.round.on_deadline());
}

void process::cancel_attempt(std::uint32_t number) {
    attempt& it = on_.attempts[number];
    it.has_owner = false;
    auto effects = it.round.cancel();
    effects.release_doubtful = effects.release_doubtful | std::exchange(it.deferred, {});
    execute(number, effects);
}

void process::learn(attempt& it) {
    auto offsets = it.round.offsets_us();
    if (!offsets.empty()) {
        on_.note(rule::offset_learned);
        offset_us_ = core::believed_offset(offsets);
    }
    const bool refused = it.round.refused_by_clocks();
    if (refused) {
        fences_.forget(resource_names[it.resource]);
    }
    const bool by_majority = it.round.offsets_us().size() > core::tolerated_by(terms_.nodes);
    note_fence(it.resource,
               std::max(by_majority ? 0 : it.round.largest_fence(), refused ? 0 : it.block.bar()));
}

void process::note_fence(std::uint8_t resource, std::uint64_t fence) {
    fences_.note(resource_names[resource], fence, wall_us() + offset_us_);
}

// ---- giving back ----

void process::give_back(std::uint32_t number, core::node_set granted, core::node_set doubtful,
                        bool final) {
    if (granted.empty() && doubtful.empty()) {
        return;
    }
    attempt& by = on_.attempts[number];
    const core::release_targets targets{granted, doubtful, doubtful & by.round.pending()};
    const std::uint32_t undo = on_.releases.add(terms_.nodes, targets);
    release& it = on_.releases[undo];
    it.call = {.token = by.call.token,
               .bar = by.block.bar(),
               .fence_lifetime_ms = terms_.fence_lifetime_ms,
               .window_us = terms_.window_ms * 1000};
    it.final = final;
    it.until = clock() + std::chrono::milliseconds{by.lease_ms};
    start_release(undo, by.resource, targets);
}

void process::start_release(std::uint32_t number, std::uint8_t resource,
                            const core::release_targets& targets) {
    release& it = on_.releases[number];
    if (!targets.following.empty()) {
        on_.note(rule::followed_acquire);
    }
    core::node_set unreachable;
    targets.all().for_each([&](node_index node) {
        const std::uint32_t command =
            release_command(number, resource, static_cast<std::uint8_t>(node));
        it.commands[node] = command;
        if (send(command) == sending::unreachable) {
            unreachable.insert(node);
        }
    });
    on_.events.push({.at = when(clock() + std::chrono::milliseconds{on_.with->node_timeout_ms}),
                     .kind = event_kind::round_late,
                     .client = number_,
                     .detail = static_cast<std::uint8_t>(command_kind::release),
                     .subject = number});
    unreachable.for_each(
        [&](node_index node) { no_release(on_.commands[it.commands[node]], false, false); });
}

/// With a bar where one is needed now.
std::uint32_t process::release_command(std::uint32_t number, std::uint8_t resource,
                                       std::uint8_t node) {
    release& it = on_.releases[number];
    const std::uint32_t command = new_command(command_kind::release, node, resource, number);
    if (it.round.bars(node)) {
        on_.commands[command].barred = true;
        on_.note(rule::barred_release);
    }
    return command;
}

void process::on_release_answer(const command& what) {
    core::release_answer answer = core::release_answer::unknown;
    if (what.reply.answer == node_answer::removed) {
        answer = core::release_answer::removed;
    } else if (what.reply.answer == node_answer::absent) {
        answer = core::release_answer::absent;
    } else {
        on_.note(rule::error_reply);
    }
    on_.releases[what.subject].commands[what.node] = none;
    release_vote(what.subject, what.node, answer);
}

void process::no_release(command what, bool maybe_executed, bool timed_out) {
    release& it = on_.releases[what.subject];
    if (!timed_out) {
        // The connection is gone and the release with it. A mere timeout is different: the command
        // is still on its way behind the ACQUIRE.
        if (it.until > clock()) {
            it.round.on_connection_lost(what.node);
            const std::uint32_t again = release_command(what.subject, what.resource, what.node);
            it.commands[what.node] = none;
            pay_when_ready(again, it.until);
        }
    }
    release_vote(
        what.subject, what.node,
        maybe_executed ? core::release_answer::unknown : core::release_answer::not_executed);
}

void process::release_vote(std::uint32_t number, std::uint8_t node, core::release_answer answer) {
    release& it = on_.releases[number];
    if (!it.round.on_vote(node, answer) || it.of_hold == none) {
        return;
    }
    on_.holds[it.of_hold].at = hold::stage::over;
    switch (it.round.outcome()) {
        case core::release_outcome::released:
            on_.note(rule::released);
            break;
        case core::release_outcome::gone:
            on_.note(rule::release_found_gone);
            break;
        default:
            on_.note(rule::release_indeterminate);
            break;
    }
}

void process::release_of_another(std::uint8_t resource, std::uint64_t token) {
    const core::release_targets everywhere{core::node_set::all(terms_.nodes)};
    const std::uint32_t number = on_.releases.add(terms_.nodes, everywhere);
    release& it = on_.releases[number];
    it.call = {
        .token = token, .bar = 0, .fence_lifetime_ms = terms_.fence_lifetime_ms, .above = true};
    it.outsider = true;
    it.until = clock();
    tell("releases #", token, ", of which it knows the token only");
    start_release(number, resource, everywhere);
}

}  // namespace redlock::sim
