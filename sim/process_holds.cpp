// Locks that were won: renewing, losing, handing over, giving back; as src/manager's held_lock and
// src/driver's extend_attempt.
#include <algorithm>

#include "core/validity.hpp"
#include "sim/process.hpp"

namespace redlock::sim {

std::uint32_t process::hold_it(user& who, std::uint32_t by, core::turn turn, core::instant started,
                               core::instant valid_until) {
    const std::chrono::milliseconds lease{who.what.lease_ms};
    const core::renewal::settings settings{.lease_time = lease,
                                           .stop_margin = core::default_stop_margin(lease),
                                           .renews = who.what.renews,
                                           .jitter = random_.fraction()};
    const std::uint32_t number = on_.holds.add(core::renewal{settings, started, valid_until});
    hold& it = on_.holds[number];
    it.client = number_;
    it.user = who.number;
    it.resource = who.what.resource;
    it.renews = who.what.renews;
    it.by = by;
    it.lease_ms = who.what.lease_ms;
    it.turn = turn;
    it.started = started;
    it.valid_until = valid_until;
    who.hold = number;
    return number;
}

void process::look_after(std::uint32_t number) {
    hold& it = on_.holds[number];
    const core::instant next = it.renewal.next_event();
    ++it.alarm;
    if (next != core::never) {
        on_.events.push({.at = std::max(on_.now, when(next)),
                         .kind = event_kind::hold_alarm,
                         .client = number_,
                         .subject = number,
                         .generation = it.alarm});
    }
}

/// What the lock was wanted for.
void process::work(std::uint32_t number) {
    hold& it = on_.holds[number];
    const user& who = user_of(it.user);
    write_to_store(number, random_.between(0, millisecond));
    on_.events.push({.at = on_.now + who.what.lasts,
                     .kind = event_kind::work_done,
                     .client = number_,
                     .subject = number});
    if (random_.percent(15)) {
        const std::int64_t most = terms_.longest_lease_ms;
        on_.events.push({.at = on_.now + random_.between(0, most) * millisecond,
                         .kind = event_kind::caller_extends,
                         .client = number_,
                         .subject = number,
                         .generation = static_cast<std::uint32_t>(
                             random_.between(std::min(on_.with->shortest_lease_ms, most), most))});
    }
    look_after(number);
}

void process::on_caller_extends(std::uint32_t number, std::int64_t lease_ms) {
    if (on_.holds[number].at == hold::stage::held) {
        extend(number, lease_ms);
    }
}

void process::write_to_store(std::uint32_t number, tick after) {
    // Now and then a write waits in some buffer for a long time.
    if (random_.percent(8)) {
        after += random_.between(0, 2 * terms_.longest_lease_ms) * millisecond;
    }
    on_.events.push({.at = on_.now + after, .kind = event_kind::store_write, .subject = number});
}

void process::on_work_done(std::uint32_t number) {
    hold& it = on_.holds[number];
    // Who has stood still until now hears of everything that was due at once.
    const bool was_awake = paused_until_ != on_.now;
    if (it.at == hold::stage::held && clock() >= it.valid_until && was_awake) {
        on_.judge.condemn(check::not_told, on_.now, it.turn.fencing());
    }
    if (it.at == hold::stage::held || it.at == hold::stage::lost) {
        // It does not look whether the lock is still valid: that is what the store is for.
        if (clock() >= it.valid_until) {
            on_.note(rule::paused_past_validity);
        }
        write_to_store(number, random_.between(0, millisecond));
        release_hold(number);
    }
}

void process::on_hold_alarm(std::uint32_t number, std::uint32_t generation) {
    hold& it = on_.holds[number];
    if (it.alarm != generation || it.at != hold::stage::held) {
        return;
    }
    switch (it.renewal.on_timer(clock())) {
        case core::renewal::action::none:
            break;
        case core::renewal::action::extend:
            look_after(number);  // whatever the nodes do, the loss is announced in time
            extend(number, it.lease_ms);
            return;
        case core::renewal::action::announce_loss:
            // What is left of validity is the holder's time to stop.
            lose(number);
            return;
    }
    look_after(number);
}

void process::lose(std::uint32_t number) {
    hold& it = on_.holds[number];
    it.at = hold::stage::lost;
    ++it.alarm;
    on_.note(rule::loss_announced);
    tell("user ", it.user, " is told that it loses #", on_.attempts[it.by].call.token);
    ended(number);
}

core::node_set process::granted(hold& it) {
    core::node_set those = it.granted | on_.attempts[it.by].round.granted();
    for (const std::uint32_t each : it.extensions) {
        those = those | on_.extensions[each].round.holding();
    }
    return those;
}

core::node_set process::doubtful(hold& it) {
    return on_.attempts[it.by].round.doubtful() - it.granted;
}

core::node_set process::may_be_planted(hold& it) {
    core::node_set those = it.planted;
    for (const std::uint32_t each : it.extensions) {
        those = those | (on_.extensions[each].healing & on_.extensions[each].round.doubtful());
    }
    return those;
}

// ---- extending ----

void process::extend(std::uint32_t number, std::int64_t lease_ms) {
    hold& it = on_.holds[number];
    const attempt& by = on_.attempts[it.by];
    const std::uint32_t extending =
        on_.extensions.add(terms_.nodes, lease_ms, clock(), it.valid_until, terms_.step_ms);
    extension& round = on_.extensions[extending];
    round.of_hold = number;
    round.call = {.token = by.call.token,
                  .last = by.block.last,
                  .lease_ms = lease_ms,
                  .fence_lifetime_ms = terms_.fence_lifetime_ms};
    round.granted = granted(it);
    const core::node_set holding = round.granted | doubtful(it) | may_be_planted(it);
    for (std::uint8_t node = 0; guards() && node < terms_.nodes; ++node) {
        if (links_[node].at != link::state::ready) {
            continue;
        }
        if (may_vote(node, round.round.started())) {
            round.healing.insert(node);
        } else {
            on_.note(rule::heal_not_asked_in_quarantine);
        }
    }
    it.extensions.push_back(extending);
    if (round.round.outcome() != core::extend_outcome::pending) {
        round.has_owner = false;
        on_extend_decided(extending);
        return;
    }
    tell("extends #", by.call.token);
    const core::node_set asked = holding | round.healing;
    core::node_set unreachable;
    asked.for_each([&](node_index node) {
        const std::uint32_t command = new_command(
            command_kind::extend, static_cast<std::uint8_t>(node), it.resource, extending);
        on_.commands[command].plants = round.healing.contains(node);
        if (send(command) == sending::unreachable) {
            unreachable.insert(node);
        } else {
            round.commands[node] = command;
        }
    });
    on_.events.push({.at = when(clock() + std::chrono::milliseconds{on_.with->node_timeout_ms}),
                     .kind = event_kind::round_late,
                     .client = number_,
                     .detail = static_cast<std::uint8_t>(command_kind::extend),
                     .subject = extending});
    (core::node_set::all(terms_.nodes) - asked).for_each([&](node_index node) {
        extend_vote(extending, static_cast<std::uint8_t>(node), core::extend_answer::missing);
    });
    unreachable.for_each([&](node_index node) {
        extend_vote(extending, static_cast<std::uint8_t>(node), core::extend_answer::not_executed);
    });
}

void process::on_extend_answer(const command& what) {
    core::extend_answer answer = core::extend_answer::unknown;
    hold& it = on_.holds[on_.extensions[what.subject].of_hold];
    const core::duration stepped = note_time(what, on_.extensions[what.subject].round.started());
    switch (what.reply.answer) {
        case node_answer::extended:
            answer = core::extend_answer::extended;
            if (it.replanted_before.contains(what.node)) {
                on_.note(rule::replanted_counted_later);
            }
            break;
        case node_answer::replanted:
            answer = core::extend_answer::replanted;
            it.replanted_before.insert(what.node);
            break;
        case node_answer::taken:
            answer = core::extend_answer::taken;
            break;
        case node_answer::missing:
            answer = core::extend_answer::missing;
            break;
        default:
            on_.note(rule::error_reply);
            break;
    }
    extend_vote(what.subject, what.node, answer, stepped);
}

void process::extend_vote(std::uint32_t number, std::uint8_t node, core::extend_answer answer,
                          core::duration stepped) {
    extension& round = on_.extensions[number];
    // A node in quarantine counts only if its grant did.
    const bool counts = round.granted.contains(node) || may_vote(node, round.round.started());
    if (!counts && answer == core::extend_answer::extended) {
        on_.note(rule::extension_without_weight);
    }
    if (round.round.on_vote(node, answer, clock(), counts, stepped) && round.has_owner) {
        round.has_owner = false;
        on_extend_decided(number);
    }
}

void process::on_extend_decided(std::uint32_t number) {
    extension& round = on_.extensions[number];
    hold& it = on_.holds[round.of_hold];
    if (it.at != hold::stage::held) {
        return;
    }
    const auto outcome = round.round.outcome();
    tell("extension of #", round.call.token, " is ", core::to_string(outcome));
    switch (outcome) {
        case core::extend_outcome::extended:
            on_.note(rule::extended);
            it.started = round.round.started();
            if (round.round.backing().valid_until() >= it.valid_until) {
                it.extended_by = number;
            }
            it.valid_until = std::max(round.round.backing().valid_until(clocks_), it.valid_until);
            on_.judge.extended(it.judged, when(it.valid_until), round.prolonged.size(), on_.now);
            it.renewal.on_extended(it.started, it.valid_until);
            look_after(round.of_hold);
            return;
        case core::extend_outcome::gone:
            on_.note(rule::extend_gone);
            on_.judge.ended(it.judged, on_.now);
            uproot(number);
            lose(round.of_hold);
            return;
        case core::extend_outcome::expired:
            on_.note(rule::extend_expired);
            on_.judge.ended(it.judged, on_.now);
            uproot(number);
            lose(round.of_hold);
            return;
        default:
            on_.note(rule::extend_indeterminate);
            break;
    }
    it.renewal.on_extend_failed(clock());
    look_after(round.of_hold);
}

/// Gives back at once what a lost extension has planted, or may yet plant: nobody may wait for it.
void process::uproot(std::uint32_t number) {
    extension& it = on_.extensions[number];
    const core::node_set planted = it.round.replanted() | (it.healing & it.round.doubtful());
    if (!planted.empty()) {
        on_.note(rule::uprooted);
        give_back(on_.holds[it.of_hold].by, {}, planted, true);
    }
}

// ---- the end of a hold ----

void process::release_hold(std::uint32_t number) {
    hold& it = on_.holds[number];
    user& who = user_of(it.user);
    if (it.at == hold::stage::held && hand_over(number)) {
        return;
    }
    attempt& by = on_.attempts[it.by];
    it.at = hold::stage::releasing;
    ++it.alarm;
    on_.judge.ended(it.judged, on_.now);
    const core::node_set planted = may_be_planted(it);
    const core::release_targets targets{granted(it), doubtful(it) | planted,
                                        by.round.pending() - it.granted - planted};
    const std::uint32_t undo = on_.releases.add(terms_.nodes, targets);
    release& round = on_.releases[undo];
    round.call = {.token = by.call.token,
                  .bar = by.block.bar(),
                  .fence_lifetime_ms = terms_.fence_lifetime_ms,
                  .window_us = terms_.window_ms * 1000};
    round.of_hold = number;
    round.until = clock() + std::chrono::milliseconds{it.lease_ms};
    tell("user ", it.user, " releases #", by.call.token);
    start_release(undo, it.resource, targets);
    ended(number);
    finish(who);
}

/// Passes the lease to whoever waits for it here; false if it must go back to the nodes.
bool process::hand_over(std::uint32_t number) {
    hold& it = on_.holds[number];
    line& here = lines_[it.resource];
    if (here.holder != number || here.members.empty()) {
        return false;
    }
    user& next = user_of(here.members.front());
    const bool may_take_over = next.at == user_state::lined_up || next.at == user_state::waiting;
    if (!may_take_over) {
        return false;
    }
    const std::chrono::milliseconds wanted{next.what.lease_ms};
    const auto token = it.turn.pass_on(
        clock(), it.valid_until,
        wanted - core::allowance_of(wanted, std::chrono::milliseconds{terms_.step_ms}));
    if (!token) {
        on_.note(rule::turn_ended);
        return false;
    }
    on_.note(rule::handed_over);
    user& before = user_of(it.user);
    it.at = hold::stage::over;
    ++it.alarm;
    const std::uint32_t to = hold_it(next, it.by, it.turn, it.started, it.valid_until);
    hold& passed = on_.holds[to];
    passed.granted = granted(it);
    passed.planted = may_be_planted(it);
    passed.extended_by = it.extended_by;
    tell("user ", it.user, " hands #", on_.attempts[it.by].call.token, " over to user ",
         next.number, " with token ", *token);
    passed.judged = on_.judge.handed_over(it.judged, *token, when(it.valid_until), on_.now);
    std::erase(here.members, next.number);
    next.in_line = false;
    here.holder = to;
    next.at = user_state::holding;
    complete(next, {});
    work(to);
    finish(before);
    return true;
}

/// The next of this process may compete.
void process::ended(std::uint32_t number) {
    hold& it = on_.holds[number];
    line& here = lines_[it.resource];
    if (here.holder == number) {
        here.holder = none;
        go_on(it.resource);
    }
}

}  // namespace redlock::sim
