#include "sim/world.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "driver/greeting.hpp"
#include "driver/key_names.hpp"
#include "sim/client.hpp"
#include "sim/witness.hpp"

namespace redlock::sim {

namespace {

// Whatever a mutant does, a schedule ends.
constexpr std::uint64_t most_events = 60'000;
// A node has been up for so long, unless it is young.
constexpr tick up_for = 3'600 * second;
// Of a place in a node's line; the library's own.
constexpr tick place_lease = 60 * second;

constexpr const char* epoch_key = "redlock:epoch";

std::string line_key_of(const plan& the_plan, std::size_t resource) {
    const driver::key_names keys;
    const std::string name = name_of(resource);
    return keys.line(the_plan.permits.at(resource) == 0 ? name : keys.slots(name));
}

}  // namespace

class world::schedule {
  public:
    schedule(testing::scripts& engine, const plan& the_plan, coverage& seen, recorder* listener)
        : plan_(the_plan),
          in_(engine, the_plan.seed, the_plan.nodes,
              {.fastest = the_plan.fastest_message,
               .slowest = the_plan.slowest_message,
               .steady = the_plan.steady_links}),
          on_(the_plan, in_, seen, listener),
          witness_(on_),
          chance_(the_plan.seed, 4) {
        for (std::size_t node = 0; node < the_plan.nodes; ++node) {
            begin_node(node);
        }
        for (std::size_t number = 0; number < the_plan.clients; ++number) {
            clients_.push_back(std::make_unique<client>(on_, witness_, number));
        }
        for (std::size_t number = 0; number < the_plan.users; ++number) {
            clients_[number % the_plan.clients]->add_user(number);
        }
    }

    void run() {
        if (plan_.kind == world_kind::mixed) {
            meet();
        }
        const tick begins = on_.now();
        for (const item& each : plan_.items) {
            if (each.data == crash_data::partly_lost && each.amount > 0) {
                in_.time().at(begins + each.at - each.amount * microsecond,
                              [this, &each] { in_.at(each.node).save(); });
            }
            in_.time().at(begins + each.at, [this, &each] { begin_item(each); });
        }
        on_.calm_at = begins + plan_.calm_at;
        in_.time().at(on_.calm_at, [this] { calm_down(); });
        live();
        if (!found()) {
            look_for_starved();
        }
        if (!found()) {
            let_it_settle();
        }
        if (!found() && events() < most_events) {
            look_for_forgotten();
        }
        if (!found() && events() < most_events) {
            look_for_leftovers();
        }
    }

    [[nodiscard]] const std::optional<violation>& found() const { return on_.judge.found(); }
    [[nodiscard]] std::uint64_t events() { return in_.time().happened(); }

  private:
    void begin_node(std::size_t number);
    void meet();
    void live();
    [[nodiscard]] bool is_over();
    void look();
    void look_for_left_free();
    template <class Whom>
    [[nodiscard]] bool anybody(Whom whom) const {
        return std::any_of(clients_.begin(), clients_.end(),
                           [&](const auto& each) { return each->alive() && whom(*each); });
    }
    void begin_item(const item& it);
    void crash(const item& it);
    void outsider(const item& it);
    void calm_down();
    [[nodiscard]] bool all_idle() const;
    void let_it_settle();
    void look_for_starved();
    void look_for_forgotten();
    void look_for_leftovers();
    void run_until(tick when);

    const plan& plan_;
    testing::simulated_world in_;
    stage on_;
    witness witness_;
    testing::random_stream chance_;
    std::vector<std::unique_ptr<client>> clients_;
    bool is_calm_ = false;
    std::array<tick, most_resources> free_since_{};
    std::array<bool, most_resources> left_free_{};
    tick must_be_idle_at_ = no_tick;
};

void world::schedule::begin_node(std::size_t number) {
    testing::simulated_node& node = in_.at(number);
    const clock_fault its = plan_.fault_of(item::nobody, number);
    const bool just_started = plan_.young_nodes && chance_.one_in(2);
    node.begin({testing::wall_time + its.offset, its.rate_ppm}, just_started ? 0 : up_for);
    if (!plan_.young_nodes) {
        // Everybody has met it, long ago.
        const terms first = plan_.first_terms_on(number);
        const auto kept =
            driver::guard_terms::of(options_of(plan_, first, plan_.guard), first.nodes);
        node.execute({"HSET", epoch_key, "identity", node.incarnation(), "birth", "0",
                      "configuration", kept.to_string()});
    }
    if (plan_.valkey) {
        node.be_valkey();
    }
    if (!plan_.tracking) {
        node.refuse_tracking();
    }
    node.save();
    node.watch(&witness_);
}

/// Who comes with other nodes or settings hears of it where it can: here everybody can, at first.
void world::schedule::meet() {
    for (const auto& each : clients_) {
        each->locks().async_is_locked(name_of(0), [](error_code /*whatever*/, bool /*yes*/) {});
    }
    run_until(20 * plan_.slowest_message);
}

void world::schedule::look() {
    for (const auto& each : clients_) {
        if (each->alive()) {
            each->look();
        }
    }
    if ((is_calm_ || plan_.undisturbed) && plan_.judged.liveness) {
        look_for_left_free();
    }
}

/// Once nothing is in the way, somebody who waits gets a lock that nobody has.
void world::schedule::look_for_left_free() {
    const std::int64_t longest_ms =
        std::max(plan_.longest_lease_ms + plan_.quarantine_ms,
                 plan_.of_stranger.longest_lease_ms + plan_.of_stranger.quarantine_ms);
    // Rounds may be split a few times. A lease, or a place of nobody in line, takes longer.
    const bool strict = plan_.undisturbed && !is_calm_;
    const tick longest = strict ? 16 * plan_.slowest_message + 100 * millisecond
                                : (3'000 + longest_ms + 4 * plan_.node_timeout_ms) * millisecond;
    const bool all_are_free = !anybody([&](client& each) {
        bool holds = false;
        for (std::size_t resource = 0; resource < plan_.resources; ++resource) {
            holds = holds || each.holders_of(resource) > 0;
        }
        return holds;
    });
    for (std::size_t resource = 0; resource < plan_.resources; ++resource) {
        std::size_t holders = 0;
        bool wanted = false;
        for (const auto& each : clients_) {
            holders += each->alive() ? each->holders_of(resource) : 0;
            // Who comes with other terms may get no votes. Who wants all waits for each of them.
            wanted = wanted || (each->alive() && !plan_.is_stranger(each->number()) &&
                                (each->anybody_waits_for(resource) ||
                                 (each->anybody_waits_for_all() && all_are_free)));
        }
        const bool held = holders >= std::max<std::size_t>(1, plan_.permits.at(resource));
        tick& since = free_since_.at(resource);
        const bool was_wanted = std::exchange(left_free_.at(resource), wanted && !held);
        if (held || !wanted || !was_wanted) {
            since = on_.now();
        } else if (on_.now() - (strict ? since : std::max(since, on_.calm_at)) > longest) {
            on_.judge.condemn(check::left_free, on_.now(), resource);
        }
    }
}

/// Whether something was found, or there is no hope to find anything.
bool world::schedule::is_over() {
    look();
    return found() || events() >= most_events;
}

void world::schedule::live() {
    in_.run_until(no_tick, [this] {
        return is_over() || (is_calm_ && all_idle()) || in_.time().next() > must_be_idle_at_;
    });
}

void world::schedule::run_until(tick when) {
    in_.run_until(when, [this] { return is_over(); });
    in_.time().go_to(when);
}

void world::schedule::begin_item(const item& it) {
    const tick until = on_.now() + it.lasts;
    client* const who = it.client < clients_.size() ? clients_[it.client].get() : nullptr;
    const bool of_its_own = it.kind == item_kind::want || it.kind == item_kind::outsider ||
                            it.kind == item_kind::vouch || it.kind == item_kind::change_manager;
    const bool of_client = of_its_own || it.kind == item_kind::pause ||
                           it.kind == item_kind::kill || it.kind == item_kind::wall_step;
    if (of_client && !who->alive()) {
        return;
    }
    if (of_its_own && who->process().paused_until() > on_.now()) {
        who->at(on_.now(), [this, &it] { begin_item(it); });
        return;
    }
    switch (it.kind) {
        case item_kind::want:
            who->want(it);
            break;
        case item_kind::pause:
            who->tell("stands still until ", shown(until));
            who->process().pause(until);
            break;
        case item_kind::kill:
            who->kill();
            break;
        case item_kind::cut:
            on_.tell("network", it.client, "loses the connections to node ", it.node,
                     it.flag ? "; what was sent is still carried out" : "");
            in_.cut(it.client, it.node, it.flag, std::min(it.lasts, 200 * millisecond));
            break;
        case item_kind::slow:
            on_.tell("network", it.client, "is slow to node ", it.node, " until ", shown(until));
            in_.slow_down(it.client, it.node, it.amount, until);
            break;
        case item_kind::part:
            on_.tell("network", it.client, "is parted from node ", it.node, " until ",
                     shown(until));
            in_.part(it.client, it.node, until);
            break;
        case item_kind::crash:
            crash(it);
            break;
        case item_kind::freeze:
            on_.tell("node", it.node, "stands still until ", shown(until));
            in_.at(it.node).freeze(until);
            break;
        case item_kind::full:
            on_.tell("node", it.node, "is full until ", shown(until));
            in_.at(it.node).set_full(true);
            in_.time().at(until, [this, &it] { in_.at(it.node).set_full(false); });
            break;
        case item_kind::node_step:
            on_.tell("node", it.node, "has its clock set by ", it.amount, " us");
            in_.at(it.node).step_clock(it.amount * microsecond);
            witness_.set_clock(in_.at(it.node));
            break;
        case item_kind::wall_step:
            who->tell("has its wall clock set by ", it.amount, " us");
            who->process().step_wall_clock(it.amount * microsecond);
            break;
        case item_kind::lose_news:
            on_.tell("network", it.client, "hears nothing from node ", it.node, " until ",
                     shown(until));
            in_.at(it.node).mute_subscriptions(it.client, until);
            break;
        case item_kind::outsider:
            outsider(it);
            break;
        case item_kind::vouch:
            who->vouch(it.node);
            break;
        case item_kind::flush:
            on_.tell("node", it.node, "is flushed");
            on_.note(rule::flushed);
            if (in_.at(it.node).is_up()) {
                in_.at(it.node).execute({"FLUSHALL"});
            }
            witness_.went_down(it.node);
            break;
        case item_kind::change_manager:
            who->change_manager(it.flag);
            break;
        case item_kind::clock_rate:
        case item_kind::wall_offset:
            break;
    }
}

void world::schedule::crash(const item& it) {
    testing::simulated_node& node = in_.at(it.node);
    if (!node.is_up()) {
        return;
    }
    using memory = testing::simulated_node::memory;
    switch (it.data) {
        case crash_data::kept:
            on_.note(rule::data_kept);
            on_.tell("node", it.node, "dies and keeps its data");
            node.go_down(memory::kept);
            break;
        case crash_data::lost:
            on_.note(rule::data_lost);
            on_.tell("node", it.node, "dies and loses everything");
            node.go_down(memory::lost);
            break;
        case crash_data::partly_lost:
            on_.note(rule::data_partly_lost);
            on_.tell("node", it.node, "dies and loses what came last");
            node.go_down(memory::as_saved);
            on_.came_again(it.node);
            break;
    }
    witness_.went_down(it.node);
    in_.time().after(it.lasts, [this, &it] {
        in_.at(it.node).come_back();
        witness_.came_back(it.node);
        on_.tell("node", it.node, "is back");
    });
}

void world::schedule::outsider(const item& it) {
    const std::string resource = name_of(it.resource);
    const auto token = in_.at(it.node).text_at(resource);
    if (token && !tells_of_readers(*token) && in_.at(it.node).is_up()) {
        const std::uint64_t number = on_.number_of(*token);
        on_.judge.taken_away(number);
        witness_.expect_outsider(number);
        clients_[it.client]->release_of_another(resource, *token);
    }
}

void world::schedule::calm_down() {
    on_.tell("world", 0, "calms down: from now on nothing goes wrong");
    is_calm_ = true;
    for (const auto& each : clients_) {
        if (each->alive()) {
            assert(each->process().paused_until() <= on_.now());
            each->be_patient();
        }
    }
    const std::int64_t longest_ms =
        30'000 + 2 * plan_.quarantine_ms +
        static_cast<std::int64_t>(plan_.users) * 3 * (plan_.longest_lease_ms + 1'200);
    must_be_idle_at_ = on_.now() + longest_ms * millisecond;
}

bool world::schedule::all_idle() const {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& each) { return each->idle(); });
}

void world::schedule::look_for_starved() {
    if (!all_idle() && plan_.judged.liveness) {
        on_.judge.condemn(check::starved, on_.now(), 0);
    }
}

/// Messages may have been slow until the last moment, and those behind them wait.
void world::schedule::let_it_settle() {
    const tick last_slow = on_.calm_at + (2 * plan_.node_timeout_ms + 600) * millisecond;
    run_until(std::max(on_.now(), last_slow) + 6 * plan_.slowest_message + 20 * millisecond);
}

/// What was begun after the last trouble and is over. What a node that stood still carries out in
/// the instant in which it goes on was begun before.
void world::schedule::look_for_forgotten() {
    for (std::size_t node = 0; node < plan_.nodes; ++node) {
        plan_.for_each_lock([&](std::size_t lock) {
            for (const std::string& token : on_.tokens_at(node, name_of(lock))) {
                const auto planted = witness_.planted_at(on_.number_of(token), node);
                if (plan_.judged.liveness && planted && *planted > on_.calm_at) {
                    on_.judge.condemn(check::not_taken_back, on_.now(), on_.number_of(token), node);
                }
            }
        });
        for (std::size_t resource = 0; resource < plan_.resources; ++resource) {
            if (plan_.judged.liveness && in_.at(node).is_up() &&
                witness_.has_left_place(node, line_key_of(plan_, resource))) {
                on_.tell("node", node, "has a place of nobody in line");
                on_.judge.condemn(check::not_taken_back, on_.now(), 0, node);
            }
        }
    }
}

void world::schedule::look_for_leftovers() {
    const std::int64_t longest_ms =
        std::max(plan_.longest_lease_ms, plan_.of_stranger.longest_lease_ms);
    for (const auto& each : clients_) {
        if (each->alive()) {
            each->leave();
        }
    }
    run_until(on_.now() + 2 * longest_ms * millisecond + 2 * place_lease);
    for (const auto& each : clients_) {
        if (events() < most_events && each->alive() && each->outstanding() != 0) {
            on_.judge.condemn(check::unanswered, on_.now(), each->number(), each->outstanding());
        }
    }
    for (std::size_t node = 0; node < plan_.nodes; ++node) {
        for (const std::string& key : in_.at(node).keys()) {
            const bool of_a_lock = key.find("fence") == std::string::npos &&
                                   !key.starts_with("redlock:permits") && key != epoch_key;
            if (plan_.judged.liveness && of_a_lock) {
                on_.tell("node", node, "still has ", key);
                on_.judge.condemn(check::left_over, on_.now(), 0, node);
            }
        }
    }
}

world::world() = default;

world::~world() = default;

std::optional<violation> world::run(const plan& the_plan, coverage& seen, recorder* listener) {
    schedule it{engine_, the_plan, seen, listener};
    it.run();
    events_ = it.events();
    return it.found();
}

}  // namespace redlock::sim
