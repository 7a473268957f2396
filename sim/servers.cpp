#include "sim/servers.hpp"

#include <algorithm>

namespace redlock::sim {

namespace {

// Nodes' clocks at the beginning: so large that ballots look like those of the real world.
constexpr std::int64_t epoch_ns = 1'000'000 * second;

void show(stage& on, const command& what, std::string_view did) {
    if (on.record == nullptr) {
        return;
    }
    const auto token = what.kind == command_kind::acquire  ? on.attempts[what.subject].call.token
                       : what.kind == command_kind::extend ? on.extensions[what.subject].call.token
                                                           : on.releases[what.subject].call.token;
    on.tell("node", what.node, "for client ", what.client, ": ", did, " of #", token);
}

std::string_view name(node_answer answer) {
    switch (answer) {
        case node_answer::granted:
            return "grants ACQUIRE";
        case node_answer::busy:
            return "busy, refuses ACQUIRE";
        case node_answer::stale:
            return "fence too high, refuses ACQUIRE";
        case node_answer::out_of_window:
            return "clocks apart, refuses ACQUIRE";
        case node_answer::called:
            return "another's turn, refuses ACQUIRE";
        case node_answer::extended:
            return "EXTENDs";
        case node_answer::replanted:
            return "plants again by EXTEND";
        case node_answer::taken:
            return "taken by another, refuses EXTEND";
        case node_answer::missing:
            return "lacks the lock, refuses EXTEND";
        case node_answer::removed:
            return "removes by RELEASE";
        case node_answer::absent:
            return "has nothing to RELEASE";
        case node_answer::refused_full:
            return "memory full, refuses a command";
        case node_answer::told:
            break;
    }
    return "answers";
}

}  // namespace

void servers::begin() {
    random_stream random{on_.with->seed, 2};
    for (std::size_t i = 0; i < on_.with->nodes; ++i) {
        server& it = nodes_[i];
        std::int64_t offset = 0;
        std::int64_t rate = 0;
        for (const item& each : on_.with->items) {
            if (each.node == i && each.kind == item_kind::clock_rate) {
                rate = each.amount;
            } else if (each.node == i && each.kind == item_kind::wall_offset) {
                offset = each.amount * microsecond;
            }
        }
        it.clock = drifting_clock{epoch_ns + offset, rate};
        it.keys.clear();
        it.saved.clear();
        it.waited_for = {};
        it.up = true;
        it.incarnation = 1;
        it.set_to_us = 0;
        it.frozen_until = 0;
        it.told.fill(0);
        it.looks_at.fill(0);
        it.greeted = 0;
        it.restarted = -1;
        // Started long ago, unless everything begins anew.
        const bool just_started = on_.with->young_nodes && random.one_in(2);
        it.started_us = it.clock.at(0) / microsecond - (just_started ? 0 : 3'600'000'000);
        if (!on_.with->young_nodes) {
            it.keys.hello(1, 0, 0, 1, 0);
            it.keys.vouch();  // which makes it forget the terms too
            it.keys.hello(1, 0, 0, on_.with->first_configuration_on(i), 0);
            it.saved = it.keys;
            it.greeted = 1;
        }
    }
}

void servers::execute(std::uint32_t number) {
    command& what = on_.commands[number];
    server& it = nodes_[what.node];
    switch (what.kind) {
        case command_kind::acquire:
            execute_acquire(it, what);
            break;
        case command_kind::extend:
            execute_extend(it, what);
            break;
        case command_kind::release:
            execute_release(it, what);
            break;
        case command_kind::leave_line:
            it.keys.leave_line(what.resource, what.place, time_us(what.node));
            break;
        case command_kind::info: {
            // Seconds are cut off at both ends, so that the difference may be one too large.
            const std::int64_t seconds =
                time_us(what.node) / uptime_unit_us - it.started_us / uptime_unit_us;
            what.reply = {node_answer::told, std::max<std::int64_t>(0, seconds) * uptime_unit_us,
                          it.incarnation};
            break;
        }
        case command_kind::hello:
            execute_hello(it, what);
            break;
        case command_kind::vouch:
            what.reply = it.keys.vouch();
            it.restarted = -1;
            on_.tell("node", what.node, "is vouched for");
            break;
    }
}

/// By true time, and with what its clock may have been stepped forward taken off.
bool servers::in_quarantine(const server& it, std::uint8_t client) const {
    const terms by = on_.with->terms_of(client);
    const tick surely = (by.quarantine_ms - by.step_ms) * (millisecond - millisecond / 100);
    return on_.with->guards(client) && it.restarted >= 0 && on_.now - it.restarted < surely;
}

void servers::execute_acquire(server& it, command& what) {
    attempt& by = on_.attempts[what.subject];
    const std::int64_t now_us = time_us(what.node);
    const std::uint64_t passed_before = it.keys.passed_over();
    const resource_keys before = it.keys.keys(what.resource, now_us);
    what.reply = by.in_line ? it.keys.acquire_in_line(what.resource, by.call, by.place, now_us)
                            : it.keys.acquire(what.resource, by.call, now_us);
    show(on_, what, name(what.reply.answer));
    judge_acquire(it, what, before);
    switch (what.reply.answer) {
        case node_answer::granted:
            if (it.keys.passed_over() > passed_before) {
                on_.note(rule::passed_over_dead_head);
            }
            what.node_us = now_us;
            on_.judge.planted(by.call.token, what.node, false, on_.now);
            if (in_quarantine(it, what.client)) {
                by.too_early.insert(what.node);
            }
            changed(what.node, what.resource, what.client);
            break;
        case node_answer::called:
            on_.note(rule::called_for_another);
            tell_of_next_change(what.node, what);
            break;
        case node_answer::busy:
            tell_of_next_change(what.node, what);
            break;
        case node_answer::stale:
            if (by.round.outcome() != core::acquire_outcome::pending) {
                on_.note(rule::bar_stopped_acquire);
            }
            break;
        default:
            break;
    }
}

void servers::judge_acquire(server& it, const command& what, const resource_keys& before) {
    const attempt& by = on_.attempts[what.subject];
    const resource_keys& after = it.keys.keys(what.resource, time_us(what.node));
    const bool granted = what.reply.answer == node_answer::granted;
    bool& waited_for = it.waited_for[what.resource];
    if (!granted && before.fence != 0 && after.fence_ends_ms > before.fence_ends_ms) {
        on_.judge.condemn(check::fence_prolonged, on_.now, before.fence, what.node);
    }
    if (by.in_line) {
        const bool stands =
            std::any_of(after.line.begin(), after.line.end(),
                        [&](const resource_keys::place& each) { return each.id == by.place.id; });
        const bool waits =
            what.reply.answer == node_answer::busy || what.reply.answer == node_answer::called;
        if (waits && stands && !after.marked) {
            on_.judge.condemn(check::line_ignored, on_.now, by.call.token, what.node);
        }
        waited_for = granted ? what.reply.value > 0 : waited_for || after.marked;
        return;
    }
    if (granted && by.call.yields && before.marked) {
        on_.judge.condemn(check::line_ignored, on_.now, by.call.token, what.node);
    }
    if (what.reply.answer == node_answer::called) {
        on_.note(rule::left_to_the_line);
        if (!waited_for) {
            on_.judge.condemn(check::yielded_to_none, on_.now, by.call.token, what.node);
        }
    }
}

void servers::execute_extend(server& it, command& what) {
    extension& by = on_.extensions[what.subject];
    extend_call call = by.call;
    call.heal = what.plants;
    const std::int64_t now_us = time_us(what.node);
    const bool was_free = token(what.node, what.resource) == 0;
    what.reply = it.keys.extend(what.resource, call, now_us);
    what.node_us = what.reply.answer == node_answer::refused_full ? 0 : now_us;
    show(on_, what, name(what.reply.answer));
    switch (what.reply.answer) {
        case node_answer::replanted:
            on_.judge.planted(call.token, what.node, true, on_.now);
            on_.note(rule::replanted);
            changed(what.node, what.resource, what.client);
            break;
        case node_answer::extended:
            if (core::node_set& too_early = on_.attempts[on_.holds[by.of_hold].by].too_early;
                !in_quarantine(it, what.client)) {
                too_early.erase(what.node);
                by.prolonged.insert(what.node);
            } else if (!too_early.contains(what.node)) {
                by.prolonged.insert(what.node);
            }
            changed(what.node, what.resource, what.client);
            break;
        case node_answer::missing:
            if (what.plants && was_free) {
                const auto at = on_.holds[by.of_hold].at;
                on_.note(at == hold::stage::releasing || at == hold::stage::over
                             ? rule::bar_stopped_heal
                             : rule::heal_refused_by_fence);
            }
            break;
        default:
            break;
    }
}

void servers::execute_release(server& it, command& what) {
    const release& by = on_.releases[what.subject];
    release_call call = by.call;
    call.bar = what.barred ? call.bar : 0;
    what.reply = it.keys.release(what.resource, call, time_us(what.node));
    show(on_, what, name(what.reply.answer));
    const bool removed = what.reply.answer == node_answer::removed;
    if (removed) {
        changed(what.node, what.resource, what.client);
    }
    if (by.outsider && removed) {
        on_.note(rule::outsider_release);
    }
    if (what.reply.answer != node_answer::refused_full && by.final && (removed || !by.outsider)) {
        // A fence that stood higher already is not prolonged.
        const auto& keys = it.keys.keys(what.resource, time_us(what.node));
        const tick ends =
            keys.fence != 0 ? it.clock.when(keys.fence_ends_ms * millisecond) : on_.now;
        // A ballot from far ahead is not barred, and not too old by then.
        const bool in_window =
            static_cast<std::int64_t>(by.call.bar) <=
            time_us(what.node) + on_.with->terms_of(what.client).window_ms * 1000;
        on_.judge.gone(call.token, what.node, in_window ? ends : on_.now, in_window);
    }
}

void servers::execute_hello(server& it, command& what) {
    const auto remembers_us = static_cast<std::int64_t>(what.place);
    const bool first = it.greeted != it.incarnation;
    if (it.incarnation > 1) {
        on_.note(first ? rule::restart_seen_first : rule::restart_seen_later);
    }
    it.greeted = it.incarnation;
    what.reply =
        it.keys.hello(it.incarnation, remembers_us, on_.with->terms_of(what.client).quarantine_ms,
                      on_.with->configuration_of(what.client), time_us(what.node));
    if (first && remembers_us > 0) {
        on_.note(rule::uptime_trusted);
    }
    const bool other = what.reply.holder != on_.with->configuration_of(what.client);
    on_.tell("node", what.node, "tells client ", what.client, ": quarantine for ", what.reply.value,
             other ? " ms, and clients with other terms" : " ms");
}

tick servers::free_at(std::uint64_t token, std::uint8_t resource,
                      const std::array<std::int64_t, most_nodes>& heard_us) {
    std::vector<tick> ends;
    for (std::uint8_t node = 0; node < on_.with->nodes; ++node) {
        server& it = nodes_[node];
        const auto& keys = it.keys.keys(resource, time_us(node));
        ends.push_back(heard_us[node] < it.set_to_us ? no_tick
                       : keys.token == token ? it.clock.when((keys.token_ends_ms + 1) * millisecond)
                                             : 0);
    }
    const auto decisive = ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 2);
    std::nth_element(ends.begin(), decisive, ends.end());
    return *decisive;
}

/// The lock key has changed, by a client's command or by itself.
void servers::changed(std::uint8_t number, std::uint8_t resource, std::uint8_t by) {
    std::uint32_t& told = nodes_[number].told[resource];
    for (std::uint8_t client = 0; told != 0; ++client, told >>= 1) {
        if ((told & 1) != 0 && client != by) {
            between_.tell_news(client, number, resource);
        }
    }
}

void servers::tell_of_next_change(std::uint8_t number, const command& what) {
    if (!on_.with->tracking) {
        return;
    }
    server& it = nodes_[number];
    it.told[what.resource] |= 1U << what.client;
    const auto& keys = it.keys.keys(what.resource, time_us(number));
    if (keys.token != 0) {
        // A moment later: expired keys are looked for now and then.
        const tick at = it.clock.when((keys.token_ends_ms + 1) * millisecond) + millisecond;
        tick& looks_at = it.looks_at[what.resource];
        if (looks_at <= on_.now || at < looks_at) {
            looks_at = at;
            on_.events.push(
                {.at = at, .kind = event_kind::expiry, .node = number, .detail = what.resource});
        }
    }
}

void servers::look_for_expired(std::uint8_t number, std::uint8_t resource) {
    server& it = nodes_[number];
    if (!it.up || it.told[resource] == 0 || it.looks_at[resource] != on_.now) {
        return;
    }
    const auto& keys = it.keys.keys(resource, time_us(number));
    if (keys.token == 0) {
        on_.note(rule::lease_ran_out);
        changed(number, resource, most_clients);
        return;
    }
    it.looks_at[resource] = it.clock.when((keys.token_ends_ms + 1) * millisecond) + millisecond;
    it.looks_at[resource] = std::max(it.looks_at[resource], on_.now + millisecond);
    on_.events.push({.at = it.looks_at[resource],
                     .kind = event_kind::expiry,
                     .node = number,
                     .detail = resource});
}

void servers::crash(std::uint8_t number, crash_data data) {
    server& it = nodes_[number];
    it.up = false;
    ++it.incarnation;
    it.told.fill(0);
    switch (data) {
        case crash_data::lost:
            it.keys.clear();
            on_.note(rule::data_lost);
            break;
        case crash_data::partly_lost:
            it.keys = it.saved;
            it.waited_for.fill(true);  // may have been then
            on_.note(rule::data_partly_lost);
            break;
        case crash_data::kept:
            on_.note(rule::data_kept);
            break;
    }
    it.keys.set_full(false);
    on_.tell("node", number,
             data == crash_data::lost          ? "dies and loses everything"
             : data == crash_data::partly_lost ? "dies and loses what came last"
                                               : "dies and keeps its data");
}

void servers::come_back(std::uint8_t number) {
    server& it = nodes_[number];
    it.up = true;
    it.restarted = on_.now;
    it.started_us = time_us(number);
    on_.tell("node", number, "is back");
}

void servers::freeze(std::uint8_t number, tick until) {
    nodes_[number].frozen_until = std::max(nodes_[number].frozen_until, until);
    on_.tell("node", number, "stands still until ", shown(until));
}

void servers::step_clock(std::uint8_t number, std::int64_t by_us) {
    nodes_[number].clock.step(on_.now, by_us * microsecond);
    nodes_[number].set_to_us = time_us(number);
    on_.tell("node", number, "has its clock set by ", by_us, " us");
}

}  // namespace redlock::sim
