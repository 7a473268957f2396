#include "sim/world.hpp"

#include <algorithm>

namespace redlock::sim {

world::world() : between_(on_), nodes_(on_, between_) {
    for (std::uint8_t client = 0; client < most_clients; ++client) {
        clients_.push_back(std::make_unique<process>(client, on_, between_, nodes_));
    }
}

world::~world() = default;

std::optional<violation> world::run(const plan& with, coverage& seen, recorder* listener) {
    begin(with, seen, listener);
    live();
    if (!on_.judge.found()) {
        look_for_starved();
        look_for_leftovers();
    }
    return on_.judge.found();
}

void world::begin(const plan& with, coverage& seen, recorder* listener) {
    on_.begin(with, seen, listener);
    random_ = random_stream{with.seed, 3};
    events_ = 0;
    must_be_idle_at_ = quiet_at_ = no_tick;
    between_.begin();
    nodes_.begin();
    for (std::size_t client = 0; client < with.clients; ++client) {
        clients_[client]->begin();
    }
    for (std::size_t i = 0; i < with.items.size(); ++i) {
        const item& each = with.items[i];
        if (each.kind != item_kind::clock_rate && each.kind != item_kind::wall_offset) {
            on_.events.push({.at = each.at,
                             .kind = event_kind::happening,
                             .subject = static_cast<std::uint32_t>(i)});
        }
    }
    on_.events.push({.at = with.calm_at, .kind = event_kind::calm});
}

void world::live() {
    // Whatever a mutant does, a schedule ends.
    constexpr std::uint64_t most_events = 400'000;
    while (!on_.events.empty() && !on_.judge.found() && events_ < most_events) {
        const event next = on_.events.pop();
        if (next.at > std::min(must_be_idle_at_, quiet_at_)) {
            break;
        }
        on_.now = std::max(on_.now, next.at);
        if (!later(next)) {
            ++events_;
            happen(next);
        }
        if (must_be_idle_at_ != no_tick && quiet_at_ == no_tick && all_idle()) {
            // Messages may have been slow until the last moment, and those behind them wait.
            const plan& with = *on_.with;
            const tick last_slow = with.calm_at + (2 * with.node_timeout_ms + 60) * millisecond;
            quiet_at_ = std::max(on_.now, last_slow) + 6 * with.slowest_message + 2 * millisecond;
        }
    }
    if (quiet_at_ != no_tick && !on_.judge.found()) {
        on_.now = quiet_at_;
        look_for_forgotten();
    }
}

/// Whoever stands still sees what came meanwhile when it goes on.
bool world::later(const event& what) {
    tick until = 0;
    switch (what.kind) {
        case event_kind::arrival:
            until = nodes_.frozen_until(what.node);
            break;
        case event_kind::expiry:
        case event_kind::store_write:
        case event_kind::happening:
        case event_kind::happening_ends:
        case event_kind::calm:
            return false;
        default:
            until = clients_[what.client]->paused_until();
            break;
    }
    if (until <= on_.now) {
        return false;
    }
    event again = what;
    again.at = until;
    on_.events.push(again);
    return true;
}

void world::happen(const event& what) {
    switch (what.kind) {
        case event_kind::arrival: {
            const std::uint32_t command =
                nodes_.is_up(what.node)
                    ? between_.arrived(what.subject, nodes_.incarnation(what.node))
                    : none;
            if (command != none) {
                nodes_.execute(command);
                between_.answer(command);
            }
            break;
        }
        case event_kind::expiry:
            nodes_.look_for_expired(what.node, what.detail);
            break;
        case event_kind::store_write: {
            const hold& it = on_.holds[what.subject];
            const bool taken = on_.judge.wrote(it.judged, on_.now);
            on_.tell("store", it.resource, taken ? "takes" : "refuses", " a write of #",
                     on_.attempts[it.by].call.token);
            break;
        }
        case event_kind::happening:
            begin_item(what.subject);
            break;
        case event_kind::happening_ends:
            end_item(what);
            break;
        case event_kind::calm:
            calm_down();
            break;
        default:
            if (clients_[what.client]->alive()) {
                happen_to_client(what);
            }
            break;
    }
}

void world::happen_to_client(const event& what) {
    process& client = *clients_[what.client];
    const auto user = static_cast<std::uint8_t>(what.subject);
    switch (what.kind) {
        case event_kind::answer:
            if (const std::uint32_t command = between_.answered(what.subject); command != none) {
                client.on_answer(command);
            }
            break;
        case event_kind::cut_noticed:
            client.on_cut_noticed(what.subject);
            break;
        case event_kind::connect:
            client.on_connect(what.node);
            break;
        case event_kind::connect_late:
            client.on_connect_late(what.node, what.subject);
            break;
        case event_kind::round_late:
            client.on_round_late(static_cast<command_kind>(what.detail), what.subject);
            break;
        case event_kind::user_alarm:
            client.on_user_alarm(user, what.generation);
            break;
        case event_kind::next_want:
            client.on_next_want(user);
            break;
        case event_kind::user_competes:
            client.on_user_competes(user);
            break;
        case event_kind::caller_extends:
            client.on_caller_extends(what.subject, what.generation);
            break;
        case event_kind::hold_alarm:
            client.on_hold_alarm(what.subject, what.generation);
            break;
        case event_kind::work_done:
            client.on_work_done(what.subject);
            break;
        case event_kind::news:
            client.on_news(what.node, what.detail);
            break;
        case event_kind::news_noticed:
            client.on_tracking(what.node, what.detail != 0);
            break;
        default:
            break;
    }
}

void world::cut(std::uint8_t client, std::uint8_t node, bool carried_out, tick noticed_after) {
    for (std::uint32_t each = 0; each < between_.connections(); ++each) {
        if (between_.node_of(each) == node &&
            (client == item::nobody || between_.client_of(each) == client)) {
            between_.cut(each, carried_out, noticed_after);
        }
    }
}

void world::begin_item(std::size_t index) {
    const item& it = on_.with->items[index];
    const tick until = on_.now + it.lasts;
    switch (it.kind) {
        case item_kind::want:
            if (clients_[it.client]->alive()) {
                clients_[it.client]->want(it);
            }
            break;
        case item_kind::pause:
            clients_[it.client]->pause(until);
            break;
        case item_kind::kill:
            if (clients_[it.client]->alive()) {
                clients_[it.client]->kill();
            }
            break;
        case item_kind::cut:
            on_.tell("network", it.client, "loses the connection to node ", it.node,
                     it.flag ? "; what was sent is still carried out" : "");
            cut(it.client, it.node, it.flag, std::min(it.lasts, 20 * millisecond));
            break;
        case item_kind::slow:
            on_.tell("network", it.client, "is slow to node ", it.node, " until ", shown(until));
            between_.slow_down(it.client, it.node, until, it.amount);
            break;
        case item_kind::part:
            on_.tell("network", it.client, "is parted from node ", it.node, " until ",
                     shown(until));
            between_.part(it.client, it.node, until);
            break;
        case item_kind::crash:
            if (nodes_.is_up(it.node)) {
                nodes_.crash(it.node, it.data);
                cut(item::nobody, it.node, false, random_.between(0, 3 * millisecond));
                on_.events.push({.at = until,
                                 .kind = event_kind::happening_ends,
                                 .node = it.node,
                                 .detail = static_cast<std::uint8_t>(item_kind::crash)});
            }
            break;
        case item_kind::freeze:
            nodes_.freeze(it.node, until);
            break;
        case item_kind::full:
            on_.tell("node", it.node, "is full until ", shown(until));
            nodes_.set_full(it.node, true);
            on_.events.push({.at = until,
                             .kind = event_kind::happening_ends,
                             .node = it.node,
                             .detail = static_cast<std::uint8_t>(item_kind::full)});
            break;
        case item_kind::node_step:
            nodes_.step_clock(it.node, it.amount);
            break;
        case item_kind::wall_step:
            on_.tell("client", it.client, "has its wall clock set by ", it.amount, " us");
            clients_[it.client]->set_wall_clock(it.amount);
            break;
        case item_kind::lose_news:
            between_.deafen(it.client, it.node, until);
            on_.events.push({.at = until,
                             .kind = event_kind::news_noticed,
                             .client = it.client,
                             .node = it.node,
                             .detail = 0});
            break;
        case item_kind::outsider: {
            const std::uint64_t token = nodes_.token(it.node, it.resource);
            if (token != 0 && nodes_.is_up(it.node) && clients_[it.client]->alive()) {
                on_.judge.taken_away(token);
                clients_[it.client]->release_of_another(it.resource, token);
            }
            break;
        }
        case item_kind::vouch:
            if (clients_[it.client]->alive()) {
                clients_[it.client]->vouch(it.node);
            }
            break;
        case item_kind::clock_rate:
        case item_kind::wall_offset:
            break;
    }
}

void world::end_item(const event& what) {
    switch (static_cast<item_kind>(what.detail)) {
        case item_kind::crash:
            nodes_.come_back(what.node);
            break;
        case item_kind::full:
            nodes_.set_full(what.node, false);
            break;
        case item_kind::want:
            if (clients_[what.client]->alive()) {
                clients_[what.client]->cancel(static_cast<std::uint8_t>(what.subject));
            }
            break;
        default:
            break;
    }
}

void world::calm_down() {
    on_.tell("world", 0, "calms down: from now on nothing goes wrong");
    const plan& with = *on_.with;
    for (std::size_t client = 0; client < with.clients; ++client) {
        if (clients_[client]->alive()) {
            clients_[client]->be_patient();
        }
    }
    const std::int64_t longest_ms =
        3'000 + 2 * with.quarantine_ms +
        static_cast<std::int64_t>(with.users) * 3 * (with.longest_lease_ms + with.grace_ms + 100);
    must_be_idle_at_ = on_.now + longest_ms * millisecond;
}

bool world::all_idle() const {
    return std::all_of(clients_.begin(),
                       clients_.begin() + static_cast<std::ptrdiff_t>(on_.with->clients),
                       [](const auto& client) { return client->idle(); });
}

void world::look_for_starved() {
    if (!all_idle() && on_.with->judged.liveness) {
        on_.judge.condemn(check::starved, on_.now, 0);
    }
}

/// What was begun after the last trouble, on a connection that never broke, and is over.
void world::look_for_forgotten() {
    const plan& with = *on_.with;
    for (std::uint8_t node = 0; node < with.nodes; ++node) {
        for (std::uint8_t resource = 0; resource < with.resources; ++resource) {
            const std::uint64_t token = nodes_.token(node, resource);
            if (token == 0) {
                continue;
            }
            const attempt& by = on_.attempts[static_cast<std::uint32_t>(token - 1)];
            const std::uint32_t asked = by.commands[node];
            if (with.judged.liveness && by.begun >= with.calm_at && asked != none &&
                on_.commands[asked].connection != none &&
                !between_.is_cut(on_.commands[asked].connection)) {
                on_.judge.condemn(check::not_taken_back, on_.now, token, node);
            }
        }
    }
}

void world::look_for_leftovers() {
    const plan& with = *on_.with;
    const std::int64_t longest_ms =
        std::max(with.longest_lease_ms, with.of_stranger.longest_lease_ms);
    on_.now += (longest_ms + with.place_lease_ms) * 2 * millisecond;
    for (std::uint8_t node = 0; node < with.nodes; ++node) {
        for (std::uint8_t resource = 0; resource < with.resources; ++resource) {
            if (with.judged.liveness &&
                (nodes_.token(node, resource) != 0 || nodes_.line(node, resource) != 0)) {
                on_.judge.condemn(check::left_over, on_.now, nodes_.token(node, resource), node);
            }
        }
    }
}

}  // namespace redlock::sim
