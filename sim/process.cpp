// A process as a whole, and its links to the nodes; see process.hpp.
#include "sim/process.hpp"

#include <algorithm>

namespace redlock::sim {

namespace {

constexpr tick first_pause = 2 * millisecond;
constexpr tick longest_pause = 32 * millisecond;
constexpr core::duration between_greetings = std::chrono::milliseconds{20};

}  // namespace

process::process(std::uint8_t number, stage& on, network& between, servers& nodes)
    : number_(number), on_(on), between_(between), nodes_(nodes) {}

void process::begin() {
    const plan& with = *on_.with;
    terms_ = with.terms_of(number_);
    random_ = random_stream{with.seed, 10U + number_};
    std::int64_t rate = 0;
    std::int64_t offset = 0;
    for (const item& each : with.items) {
        if (each.client == number_ && each.kind == item_kind::clock_rate) {
            rate = each.amount;
        } else if (each.client == number_ && each.kind == item_kind::wall_offset) {
            offset = each.amount * microsecond;
        }
    }
    boot_ = drifting_clock{second * (number_ + 1), rate};
    wall_ = drifting_clock{1'000'000 * second + offset, rate};
    alive_ = true;
    patient_ = false;
    paused_until_ = 0;
    offset_us_ = 0;
    quarantine_ = core::quarantine{terms_.nodes};
    accords_.fill(greets() ? std::nullopt : std::optional{core::accord::same});
    clocks_.assign(terms_.nodes, {});
    heard_us_.fill(0);
    fences_ = core::fence_memory{256, terms_.window_ms * 1000};
    places_ = 0;
    for (auto& each : lines_) {
        each.members.clear();
        each.holder = none;
    }
    users_.resize((with.users + with.clients - 1 - number_) / with.clients);
    for (std::size_t i = 0; i < users_.size(); ++i) {
        std::vector<item> memory = std::move(users_[i].later);
        memory.clear();
        users_[i] = user{};
        users_[i].later = std::move(memory);
        users_[i].number = static_cast<std::uint8_t>(i * with.clients + number_);
    }
    for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
        link& it = links_[node];
        it.queued.clear();
        it.owed.clear();
        it.pause = first_pause;
        it.tracks = false;
        it.at = link::state::waiting;
        if (!guards()) {
            quarantine_.trust(node);
        }
        if (with.young_nodes || (with.is_stranger(number_) && !with.stranger_first)) {
            on_connect(node);
        } else {
            accords_[node] = accord_with(with.first_configuration_on(node));
            it.at = link::state::ready;
            it.tracks = with.tracking;
            it.connection = between_.open(number_, node, nodes_.incarnation(node));
            it.identity = 1;
            it.remembers_us = 0;
            quarantine_.trust(node);
        }
    }
}

bool process::idle() const {
    return !alive_ || std::all_of(users_.begin(), users_.end(), [](const user& who) {
        return who.at == user_state::idle && who.later.empty();
    });
}

void process::pause(tick until) {
    paused_until_ = std::max(paused_until_, until);
    tell("stands still until ", shown(until));
}

void process::kill() {
    alive_ = false;
    tell("is killed");
    for (std::uint32_t each = 0; each < on_.holds.size(); ++each) {
        hold& it = on_.holds[each];
        if (it.client == number_ && it.at == hold::stage::held) {
            on_.note(rule::holder_killed);
            on_.judge.ended(it.judged, on_.now);
        }
    }
    for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
        if (links_[node].at != link::state::waiting) {
            between_.cut(links_[node].connection, true, 0);
        }
    }
}

// ---- commands ----

std::uint32_t process::new_command(command_kind kind, std::uint8_t node, std::uint8_t resource,
                                   std::uint32_t subject) {
    command it;
    it.kind = kind;
    it.client = number_;
    it.node = node;
    it.resource = resource;
    it.subject = subject;
    on_.commands.push_back(it);
    return static_cast<std::uint32_t>(on_.commands.size() - 1);
}

process::sending process::send(std::uint32_t command) {
    link& it = links_[on_.commands[command].node];
    switch (it.at) {
        case link::state::waiting:
            return sending::unreachable;
        case link::state::connecting:
            it.queued.push_back(command);
            break;
        case link::state::ready:
            between_.send(command, it.connection);
            break;
    }
    return sending::yes;
}

/// True if it has not been sent yet, and now never will be.
bool process::withdraw(std::uint32_t command) {
    return std::erase(links_[on_.commands[command].node].queued, command) > 0;
}

void process::pay_when_ready(std::uint32_t command, core::instant until) {
    links_[on_.commands[command].node].owed.push_back({command, until});
}

void process::on_answer(std::uint32_t number) {
    const command what = on_.commands[number];
    switch (what.kind) {
        case command_kind::acquire:
            on_acquire_answer(what);
            break;
        case command_kind::extend:
            on_extend_answer(what);
            break;
        case command_kind::release:
            on_release_answer(what);
            break;
        case command_kind::leave_line:
            break;
        case command_kind::info:
            on_info(what);
            break;
        case command_kind::hello:
            on_hello(what);
            break;
        case command_kind::vouch:
            if (what.reply.answer == node_answer::told) {
                quarantine_.trust(what.node);
            }
            break;
    }
    judge_hearing();
}

void process::on_failure(std::uint32_t number, bool maybe_executed) {
    const command what = on_.commands[number];
    switch (what.kind) {
        case command_kind::acquire:
            no_vote(what.subject, what.node, maybe_executed);
            break;
        case command_kind::extend:
            extend_vote(
                what.subject, what.node,
                maybe_executed ? core::extend_answer::unknown : core::extend_answer::not_executed);
            break;
        case command_kind::release:
            no_release(what, maybe_executed, false);
            break;
        default:
            break;
    }
}

void process::on_round_late(command_kind kind, std::uint32_t subject) {
    const auto late = [&](const commands_by_node& commands, auto&& pending, auto&& tell_of) {
        for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
            if (commands[node] != none && pending(node)) {
                tell_of(node, commands[node], !withdraw(commands[node]));
            }
        }
    };
    if (kind == command_kind::acquire) {
        attempt& it = on_.attempts[subject];
        late(
            it.commands, [&](std::uint8_t node) { return it.round.pending().contains(node); },
            [&](std::uint8_t node, std::uint32_t, bool sent) { no_vote(subject, node, sent); });
    } else if (kind == command_kind::extend) {
        extension& it = on_.extensions[subject];
        late(
            it.commands, [&](std::uint8_t node) { return it.round.pending().contains(node); },
            [&](std::uint8_t node, std::uint32_t, bool sent) {
                extend_vote(
                    subject, node,
                    sent ? core::extend_answer::unknown : core::extend_answer::not_executed);
            });
    } else {
        release& it = on_.releases[subject];
        late(
            it.commands, [](std::uint8_t) { return true; },
            [&](std::uint8_t, std::uint32_t command, bool sent) {
                no_release(on_.commands[command], sent, sent);
            });
    }
}

// ---- connecting ----

void process::on_connect(std::uint8_t node) {
    link& it = links_[node];
    if (it.at != link::state::waiting) {
        return;
    }
    if (!nodes_.is_up(node) || between_.parted(number_, node)) {
        fall_back(node);
        return;
    }
    it.at = link::state::connecting;
    it.connection = between_.open(number_, node, nodes_.incarnation(node));
    between_.send(new_command(command_kind::info, node, 0, none), it.connection);
    on_.events.push({.at = on_.now + on_.with->node_timeout_ms * 2 * millisecond,
                     .kind = event_kind::connect_late,
                     .client = number_,
                     .node = node,
                     .subject = it.connection});
}

void process::on_connect_late(std::uint8_t node, std::uint32_t connection) {
    if (links_[node].at == link::state::connecting && links_[node].connection == connection) {
        between_.cut(connection, true, 0);
    }
}

void process::on_info(const command& what) {
    link& it = links_[what.node];
    it.identity = what.reply.holder;
    // The difference of two clock readings in whole units: it may be one too many.
    it.remembers_us = std::max<std::int64_t>(0, what.reply.value - servers::uptime_unit_us);
    if (!greets()) {
        become_ready(what.node);
        return;
    }
    it.greeted = clock();
    const std::uint32_t hello = new_command(command_kind::hello, what.node, 0, none);
    on_.commands[hello].place = static_cast<std::uint64_t>(it.remembers_us);
    between_.send(hello, it.connection);
}

void process::on_hello(const command& what) {
    const bool told = what.reply.answer != node_answer::refused_full;
    accords_[what.node] = told ? std::optional{accord_with(what.reply.holder)} : std::nullopt;
    if (guards() && told) {
        quarantine_.on_greeted(what.node, std::chrono::milliseconds{what.reply.value}, clock());
    } else if (guards()) {
        quarantine_.on_gone(what.node);
    }
    if (links_[what.node].at == link::state::connecting) {
        become_ready(what.node);
    }
}

/// With the terms that the node keeps, which are those of some kind of clients.
core::accord process::accord_with(std::uint64_t configuration) {
    const auto times_of = [](const terms& which) {
        using std::chrono::milliseconds;
        return core::shared_times{.max_lease_time = milliseconds{which.longest_lease_ms},
                                  .clock_window = milliseconds{which.window_ms},
                                  .fence_lifetime = milliseconds{which.fence_lifetime_ms},
                                  .clock_step = milliseconds{which.step_ms}};
    };
    const terms kept = on_.with->terms_told_as(configuration);
    const auto found =
        core::compare({terms_.nodes, times_of(terms_)}, {kept.nodes, times_of(kept)});
    if (found != core::accord::same) {
        on_.note(found == core::accord::other_number ? rule::other_number_told
                                                     : rule::other_settings_told);
    }
    return found;
}

void process::greet_again(std::uint8_t node) {
    link& it = links_[node];
    if (it.at == link::state::ready && clock() - it.greeted >= between_greetings) {
        it.greeted = clock();
        const std::uint32_t hello = new_command(command_kind::hello, node, 0, none);
        on_.commands[hello].place = static_cast<std::uint64_t>(it.remembers_us);
        static_cast<void>(send(hello));
    }
}

void process::become_ready(std::uint8_t node) {
    link& it = links_[node];
    it.at = link::state::ready;
    it.pause = first_pause;
    tell("is connected to node ", node);
    if (on_.with->tracking) {
        on_.events.push({.at = on_.now + between_.travel(number_, node),
                         .kind = event_kind::news_noticed,
                         .client = number_,
                         .node = node,
                         .detail = 1,
                         .subject = it.connection});
    }
    const core::instant now = clock();
    // What was owed before comes first.
    for (const owed_command& each : it.owed) {
        if (each.until > now) {
            on_.note(rule::release_sent_again);
            between_.send(each.command, it.connection);
        }
    }
    it.owed.clear();
    for (const std::uint32_t each : it.queued) {
        between_.send(each, it.connection);
    }
    it.queued.clear();
}

void process::fall_back(std::uint8_t node) {
    link& it = links_[node];
    it.at = link::state::waiting;
    on_.events.push({.at = on_.now + it.pause + random_.between(0, millisecond),
                     .kind = event_kind::connect,
                     .client = number_,
                     .node = node});
    it.pause = std::min(it.pause * 2, longest_pause);
}

void process::on_cut_noticed(std::uint32_t connection) {
    const std::uint8_t node = between_.node_of(connection);
    link& it = links_[node];
    if (it.at == link::state::waiting || it.connection != connection) {
        return;
    }
    tell("loses its connection to node ", node);
    if (guards()) {
        quarantine_.on_gone(node);
    }
    // Clients with another number of nodes are still there while we cannot ask.
    if (greets() && accords_[node] && !core::bars_client(*accords_[node])) {
        accords_[node].reset();
    }
    const std::vector<std::uint32_t> queued = std::move(it.queued);
    it.queued.clear();
    fall_back(node);
    for (std::uint32_t each = between_.unanswered(connection); each != none;
         each = on_.commands[each].next) {
        on_failure(each, true);
    }
    for (const std::uint32_t each : queued) {
        on_failure(each, false);
    }
    on_tracking(node, false);
}

void process::on_tracking(std::uint8_t node, bool on) {
    if (links_[node].tracks == on || (on && links_[node].at != link::state::ready)) {
        return;
    }
    links_[node].tracks = on;
    // Either way something may have changed that nobody told.
    for (std::uint8_t resource = 0; resource < on_.with->resources; ++resource) {
        on_news(node, resource);
    }
}

core::node_set process::tracking() const {
    core::node_set those;
    for (std::uint8_t node = 0; node < terms_.nodes; ++node) {
        if (links_[node].tracks) {
            those.insert(node);
        }
    }
    return those;
}

void process::vouch(std::uint8_t node) {
    if (guards() && links_[node].at == link::state::ready) {
        on_.note(rule::vouched);
        static_cast<void>(send(new_command(command_kind::vouch, node, 0, none)));
    }
}

}  // namespace redlock::sim
