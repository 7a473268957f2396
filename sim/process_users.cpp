// Those in a process who want the lock: waiting, the line among them, and what becomes of a wish;
// as src/manager's acquire_operation and local_queues.
#include <algorithm>

#include "core/quorum.hpp"
#include "sim/process.hpp"

namespace redlock::sim {

namespace {

constexpr core::duration patience = std::chrono::milliseconds{200};
constexpr core::duration forever = std::chrono::hours{1};

}  // namespace

void process::want(const item& what) {
    user& who = user_of(what.user);
    if (who.at != user_state::idle) {
        who.later.push_back(what);
        return;
    }
    who.what = what;
    begin_want(who);
}

void process::be_patient() {
    patient_ = true;
    for (user& who : users_) {
        // Whoever has got its fill wants once more; whoever waits for something goes on.
        item last = who.what;
        last.user = who.number;
        last.client = number_;
        last.lasts = random_.between(0, 5 * millisecond);
        last.lease_ms = terms_.longest_lease_ms;
        last.renews = random_.one_in(2);
        last.deadline = 0;
        last.attempts = 0;
        last.flag = false;
        who.later.clear();
        if (random_.percent(15)) {
            // First one that comes to nothing: what it leaves behind must be gone soon.
            item brief = last;
            brief.deadline = random_.between(1, 4 * millisecond);
            brief.flag = random_.one_in(2);
            want(brief);
        }
        want(last);
    }
}

void process::begin_want(user& who) {
    core::wait_session::settings with;
    const core::instant now = clock();
    with.attempt_limit = who.what.attempts;
    with.quorum_timeout = patient_ && !on_.with->is_stranger(number_) ? forever : patience;
    if (who.what.deadline > 0 && !who.what.flag) {
        with.deadline = now + core::duration{who.what.deadline};
    }
    who.session.emplace(with);
    who.attempt = none;
    who.hold = none;
    who.place = 0;
    who.refused_in_a_row = 0;
    who.watches = who.begun = who.competes = who.woken = false;
    if (who.what.flag) {
        on_.events.push({.at = on_.now + who.what.deadline,
                         .kind = event_kind::happening_ends,
                         .client = number_,
                         .detail = static_cast<std::uint8_t>(item_kind::want),
                         .subject = who.number,
                         .generation = who.alarm});
    }
    tell("user ", who.number, " wants ", who.what.resource == 0 ? "a" : "b", " for ",
         who.what.lease_ms, " ms");
    if (unlimited(who) && !join(who)) {
        who.at = user_state::lined_up;
        set_alarm(who, who.session->deadline());
        who.expects_contention = true;
        return;
    }
    who.expects_contention = false;
    begin_competing(who);
}

void process::begin_competing(user& who) {
    who.begun = true;
    follow(who, who.session->start());
}

void process::on_user_competes(std::uint8_t number) {
    user& who = user_of(number);
    if (who.at == user_state::lined_up && who.competes) {
        begin_competing(who);
    }
}

void process::follow(user& who, const core::wait_session::step& step) {
    if (step.end != core::wait_end::none) {
        finish(who);
    } else if (step.start_round) {
        start_round(who);
    } else {
        who.at = user_state::waiting;
        who.woken = false;
        set_alarm(who, step.wait_until);
    }
}

void process::set_alarm(user& who, core::instant then) {
    ++who.alarm;
    if (then != core::never) {
        on_.events.push({.at = std::max(on_.now, when(then)),
                         .kind = event_kind::user_alarm,
                         .client = number_,
                         .subject = who.number,
                         .generation = who.alarm});
    }
}

void process::on_news(std::uint8_t node, std::uint8_t resource) {
    for (user& who : users_) {
        if (!who.watches || who.what.resource != resource ||
            (who.at != user_state::waiting && who.at != user_state::attempting)) {
            continue;
        }
        const bool waits = who.at == user_state::waiting;
        const auto step = who.session->on_changed(
            node, waits ? &on_.attempts[who.attempt].round : nullptr, clock(), tracking());
        if (step.wait_until != core::never) {
            on_.note(rule::woken_by_news);
            who.woken = true;
            set_alarm(who, std::min(step.wait_until, who.session->deadline()));
        }
    }
}

void process::on_attempt_decided(std::uint32_t number) {
    const attempt& it = on_.attempts[number];
    user& who = user_of(it.user);
    using core::acquire_outcome;
    switch (it.round.outcome()) {
        case acquire_outcome::held:
            if (is_barred()) {
                // It turned out with the votes.
                cancel_attempt(number);
                static_cast<void>(fails_for_wrong_nodes(who));
            } else {
                hand_out(who);
            }
            return;
        case acquire_outcome::contended:
            on_.note(rule::contended_attempt);
            break;
        case acquire_outcome::split:
            on_.note(rule::split_vote);
            break;
        case acquire_outcome::stale:
            on_.note(it.round.offsets_us().empty() ? rule::stale_ballot : rule::out_of_window);
            break;
        case acquire_outcome::unavailable:
            on_.note(rule::unavailable_attempt);
            break;
        case acquire_outcome::too_late:
            on_.note(rule::too_late_attempt);
            break;
        default:
            break;
    }
    ++who.alarm;
    if (!it.round.offsets_us().empty()) {
        // The place was taken by the same wrong clock as the ballot.
        leave_nodes_line(who, {});
    }
    look_for_refusals(who, it);
    const bool found_it_taken =
        is_casual(who) && (it.round.outcome() == acquire_outcome::contended ||
                           it.round.outcome() == acquire_outcome::split);
    if (found_it_taken) {
        who.expects_contention = true;
        follow(who, who.session->on_timer(clock()));
        return;
    }
    follow(who, who.session->on_round(it.round, clock(), random_.fraction(), tracking()));
}

/// Some node keeps another number of nodes.
bool process::is_barred() const {
    return std::any_of(accords_.begin(), accords_.end(),
                       [](const auto& each) { return each && core::bars_client(*each); });
}

bool process::fails_for_wrong_nodes(user& who) {
    if (!is_barred()) {
        return false;
    }
    on_.note(rule::barred_client);
    ++who.alarm;
    for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
        if (!accords_[node] || !core::gives_vote(*accords_[node])) {
            greet_again(node);
        }
    }
    finish(who);
    return true;
}

/// Whether a ballot by the clock of one node is in the window of every other when it arrives there.
bool process::nodes_agree_on_time() const {
    std::int64_t earliest = nodes_.time_us(0);
    std::int64_t latest = earliest;
    for (std::uint8_t node = 1; node < terms_.nodes; ++node) {
        earliest = std::min(earliest, nodes_.time_us(node));
        latest = std::max(latest, nodes_.time_us(node));
    }
    const std::int64_t delays_us = 2 * on_.with->slowest_message / microsecond;
    return latest - earliest + delays_us < terms_.window_ms * 1000;
}

/// By what a majority tells of its clocks, a second refusal is needless, whatever the own clock
/// says.
void process::look_for_refusals(user& who, const attempt& it) {
    const bool by_majority = it.round.offsets_us().size() > core::tolerated_by(terms_.nodes);
    // What waited for a connection first tells little.
    const bool quick = on_.now - it.begun <= 2 * on_.with->slowest_message;
    const bool counts =
        by_majority && quick && it.begun >= on_.with->calm_at && nodes_agree_on_time();
    who.refused_in_a_row = counts ? who.refused_in_a_row + 1 : 0;
    if (who.refused_in_a_row > 1 && on_.with->judged.liveness) {
        on_.judge.condemn(check::refused_again, on_.now, it.block.first);
    }
}

void process::on_user_alarm(std::uint8_t number, std::uint32_t generation) {
    user& who = user_of(number);
    if (who.alarm != generation || who.at == user_state::idle || who.at == user_state::holding) {
        return;
    }
    if (who.at == user_state::waiting) {
        if (!who.woken) {
            on_.note(rule::woken_by_time);
        }
        follow(who, who.session->on_timer(clock()));
        return;
    }
    on_.note(rule::ended_by_deadline);
    if (who.attempt != none) {
        attempt_deadline(who.attempt);
    }
    finish(who);
}

void process::hand_out(user& who) {
    const attempt& by = on_.attempts[who.attempt];
    const core::turn turn{
        by.block,
        by.round.started(),
        {on_.with->hand_over_count, std::chrono::milliseconds{on_.with->hand_over_ms}}};
    const std::uint32_t number =
        hold_it(who, who.attempt, turn, by.round.started(), by.round.valid_until());
    hold& it = on_.holds[number];
    on_.note(rule::acquired);
    tell("user ", who.number, " HOLDS #", by.call.token, " with token ", turn.fencing(), " until ",
         shown(when(it.valid_until)));
    it.judged = on_.judge.acquired({.resource = it.resource,
                                    .token = by.call.token,
                                    .fencing = turn.fencing(),
                                    .begun = by.begun,
                                    .floor = by.floor,
                                    .votes = (by.round.granted() - by.too_early).size(),
                                    .nodes = terms_.nodes,
                                    .until = when(it.valid_until)},
                                   on_.now);
    note_clocks(number);
    line& here = lines_[it.resource];
    std::erase(here.members, who.number);
    who.in_line = false;
    here.holder = number;
    who.at = user_state::holding;
    complete(who, by.round.granted());
    work(number);
}

/// It does not wait any more. `has_left`: nodes that took it out of their lines by themselves.
void process::complete(user& who, core::node_set has_left) {
    ++who.alarm;
    who.watches = false;
    leave_nodes_line(who, has_left);
}

void process::leave_nodes_line(user& who, core::node_set has_left) {
    if (who.place == 0) {
        return;
    }
    (core::node_set::all(terms_.nodes) - has_left).for_each([&](node_index node) {
        const std::uint32_t leaving = new_command(
            command_kind::leave_line, static_cast<std::uint8_t>(node), who.what.resource, none);
        on_.commands[leaving].place = who.place;
        static_cast<void>(send(leaving));
    });
    who.place = 0;
}

/// Nothing of its wish is left: on to the next.
void process::finish(user& who) {
    if (who.at != user_state::holding) {
        if (who.attempt != none) {
            release_stragglers(who.attempt);
        }
        complete(who, {});
        leave(who);
        tell("user ", who.number, " gives up");
    }
    who.at = user_state::idle;
    if (!who.later.empty()) {
        // Not from inside what makes room.
        on_.events.push({.at = on_.now,
                         .kind = event_kind::next_want,
                         .client = number_,
                         .subject = who.number});
    }
}

void process::on_next_want(std::uint8_t number) {
    user& who = user_of(number);
    if (who.at == user_state::idle && !who.later.empty()) {
        who.what = who.later.front();
        who.later.erase(who.later.begin());
        begin_want(who);
    }
}

void process::cancel(std::uint8_t number) {
    user& who = user_of(number);
    if (who.at == user_state::idle || who.at == user_state::holding) {
        return;
    }
    on_.note(rule::cancelled_attempt);
    tell("user ", number, " is told to stop waiting");
    // Before the release, whose confirmation then tells of both.
    leave_nodes_line(who, {});
    if (who.attempt != none) {
        cancel_attempt(who.attempt);
    }
    finish(who);
}

// ---- the line of this process ----

bool process::join(user& who) {
    line& here = lines_[who.what.resource];
    here.members.push_back(who.number);
    who.in_line = true;
    who.competes = here.members.size() == 1 && here.holder == none;
    return who.competes;
}

void process::leave(user& who) {
    if (!who.in_line) {
        return;
    }
    who.in_line = false;
    std::erase(lines_[who.what.resource].members, who.number);
    go_on(who.what.resource);
}

void process::go_on(std::uint8_t resource) {
    line& here = lines_[resource];
    if (here.holder != none || here.members.empty()) {
        return;
    }
    user& first = user_of(here.members.front());
    if (!std::exchange(first.competes, true)) {
        on_.events.push({.at = on_.now,
                         .kind = event_kind::user_competes,
                         .client = number_,
                         .subject = first.number});
    }
}

std::uint64_t process::block_width(const user& who) {
    const std::size_t waiting = lines_[who.what.resource].members.size();
    return core::turn::block_width(
        who.in_line ? waiting - 1 : waiting,
        {on_.with->hand_over_count, std::chrono::milliseconds{on_.with->hand_over_ms}});
}

}  // namespace redlock::sim
