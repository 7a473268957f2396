#include "sim/plan.hpp"

#include <algorithm>

#include "testing/random_stream.hpp"

namespace redlock::sim {

namespace {

// Twice this apart, two clocks still are within the hundredth that leases allow for.
constexpr std::int64_t widest_rate_ppm = 4'950;

class planner {
  public:
    planner(std::uint64_t seed, const plan_options& options, plan& into)
        : random_(seed, 0), to_(into) {
        std::vector<item> memory = std::move(into.items);
        memory.clear();
        to_ = plan{};
        to_.items = std::move(memory);
        to_.seed = seed;
        to_.guard = options.guard;
    }

    void make() {
        shape();
        times();
        if (to_.kind == world_kind::within && testing::random_stream{to_.seed, 7}.percent(6)) {
            leave_undisturbed();
            return;
        }
        to_.calm_at = random_.between(150, 700) * millisecond;
        clocks();
        wants();
        steps();
        const std::int64_t troubles = random_.between(0, 7);
        for (std::int64_t i = 0; i < troubles; ++i) {
            trouble();
        }
        upheaval();
        judge();
    }

  private:
    /// Nothing goes wrong, and everybody wants the lock again and again: how long those wait who
    /// are told of changes shows whether they hear of them.
    void leave_undisturbed() {
        to_.undisturbed = true;
        to_.young_nodes = false;
        to_.tracking = to_.fair = true;
        to_.nodes = 3;
        to_.calm_at = 400 * millisecond;
        for (std::size_t user = 0; user < to_.users; ++user) {
            for (int i = 0; i < 4; ++i) {
                want(static_cast<std::uint8_t>(user), 0);
                item& it = to_.items.back();
                it.lasts = random_.between(5 * millisecond, 15 * millisecond);
                it.lease_ms = to_.longest_lease_ms;
                it.renews = true;
                it.deadline = it.attempts = 0;
            }
        }
        judge();
    }

    void shape() {
        const std::uint64_t kind = random_.below(100);
        to_.kind = kind < 78   ? world_kind::within
                   : kind < 90 ? world_kind::stepping
                   : kind < 94 ? world_kind::leaping
                               : world_kind::wild;
        const std::uint64_t size = random_.below(100);
        to_.nodes = size < 78 ? 3 : size < 90 ? 5 : size < 94 ? 4 : size < 97 ? 1 : 2;
        to_.clients = static_cast<std::size_t>(random_.between(2, random_.percent(12) ? 5 : 3));
        to_.users = to_.clients + (random_.percent(45) ? 1 + random_.below(2) : 0);
        to_.resources = random_.percent(8) ? 2 : 1;
        if (random_.percent(8)) {
            to_.crowded = true;
            to_.resources = most_resources;
            to_.users = most_resources * to_.clients;
        }
        if (to_.kind == world_kind::leaping) {
            to_.crowded = false;
            // Of a clock that was set, a holder mostly hears by what its process does besides.
            to_.users = 2 * to_.clients;
            to_.resources = 2;
        }
        to_.durable = to_.nodes < 3 || random_.percent(12);
        to_.guard = to_.guard && !to_.durable;
        to_.fair = random_.percent(60);
        to_.tracking = random_.percent(80);
        // Not where two who are out of line can keep each other from the lock for ever by rounds of
        // the same length: README.md tells what was found there.
        to_.steady_links = random_.percent(15) && (to_.fair || to_.nodes % 2 == 1);
        to_.young_nodes = random_.percent(10);
        to_.valkey = random_.percent(25);
        if (random_.percent(60)) {
            to_.hand_over_count = random_.below(4);
            // Now and then so long that a lease is over before the turn is.
            to_.hand_over_ms = random_.between(1, random_.percent(50) ? 300 : 60);
        }
    }

    void times() {
        to_.longest_lease_ms = random_.between(60, 240);
        to_.window_ms = random_.between(20, 150);
        to_.step_ms = random_.between(2, to_.window_ms / 4);
        if (to_.kind == world_kind::within && random_.percent(70)) {
            to_.step_ms = 1;  // Nothing but the drift is in reserve.
        }
        // Leases of one length nearly, so that one step can use up what all of them allow for.
        to_.shortest_lease_ms =
            to_.kind == world_kind::stepping
                ? random_.between(to_.longest_lease_ms * 3 / 4, to_.longest_lease_ms)
                : 20;
        terms its = to_.own_terms();
        reckon(its, random_.between(0, 50));
        to_.set_own_terms(its);
        to_.node_timeout_ms = random_.between(15, 60);
        to_.fastest_message = random_.between(20, 200) * microsecond;
        to_.slowest_message = to_.fastest_message + random_.between(50, 3'000) * microsecond;
    }

    void clocks() {
        const bool wild = to_.kind == world_kind::wild;
        const std::int64_t rate = wild ? 200'000 : widest_rate_ppm;
        const std::int64_t wall_us = to_.window_ms * 1000;
        for (std::size_t client = 0; client < to_.clients; ++client) {
            clock_item(item_kind::clock_rate, client, item::nobody, rate);
            // Mostly in order; some just within what the nodes accept, some far beyond.
            const std::uint64_t distance = random_.below(100);
            clock_item(item_kind::wall_offset, client, item::nobody,
                       distance < 15   ? wall_us * 3
                       : distance < 40 ? wall_us * 9 / 10
                                       : wall_us / 3);
        }
        for (std::size_t node = 0; node < to_.nodes; ++node) {
            clock_item(item_kind::clock_rate, item::nobody, node, rate);
            clock_item(item_kind::wall_offset, item::nobody, node, wild ? wall_us : wall_us / 6);
        }
    }

    void clock_item(item_kind kind, std::size_t client, std::size_t node, std::int64_t most) {
        item it;
        it.kind = kind;
        it.client = static_cast<std::uint8_t>(client);
        it.node = static_cast<std::uint8_t>(node);
        // The ends are where the trouble is.
        it.amount =
            random_.percent(60) ? (random_.one_in(2) ? most : -most) : random_.between(-most, most);
        if (random_.percent(70)) {
            to_.items.push_back(it);
        }
    }

    void wants() {
        if (to_.crowded) {
            crowd();
            return;
        }
        for (std::size_t user = 0; user < to_.users; ++user) {
            const std::int64_t count = random_.percent(70) ? 1 : 2;
            tick at = 0;
            for (std::int64_t i = 0; i < count; ++i) {
                at += random_.percent(50) ? random_.between(0, 2 * millisecond)
                                          : random_.between(0, to_.calm_at / 2);
                want(static_cast<std::uint8_t>(user), at);
            }
        }
    }

    /// Several at once, all with the same terms: their requests share calls again and again.
    void crowd() {
        const std::int64_t rounds = random_.between(1, 2);
        tick at = 0;
        for (std::int64_t round = 0; round < rounds; ++round) {
            for (std::size_t client = 0; client < to_.clients; ++client) {
                want(static_cast<std::uint8_t>(client), at + random_.between(0, 2 * millisecond));
                item it = to_.items.back();
                for (std::size_t resource = 0; resource < to_.resources; ++resource) {
                    it.user = static_cast<std::uint8_t>(client + resource * to_.clients);
                    it.resource = static_cast<std::uint8_t>(resource);
                    if (resource == 0) {
                        to_.items.back() = it;
                    } else {
                        to_.items.push_back(it);
                    }
                }
            }
            at = random_.between(0, to_.calm_at / 2);
        }
    }

    void want(std::uint8_t user, tick at) {
        item it;
        it.kind = item_kind::want;
        it.at = at;
        it.user = user;
        it.client = static_cast<std::uint8_t>(user % to_.clients);
        it.resource = static_cast<std::uint8_t>(random_.below(to_.resources));
        it.lease_ms = random_.percent(50)
                          ? to_.longest_lease_ms
                          : random_.between(std::max<std::int64_t>(30, to_.shortest_lease_ms),
                                            to_.longest_lease_ms);
        it.renews = random_.percent(50);
        it.lasts = random_.percent(60) ? random_.between(0, 20 * millisecond)
                                       : random_.between(0, 2 * to_.quarantine_ms) * millisecond;
        const std::uint64_t patience = random_.below(100);
        if (patience < 12) {
            it.deadline = random_.between(0, 300 * millisecond);
        } else if (patience < 18) {
            it.deadline = random_.between(0, 100 * millisecond);
            it.flag = true;
        } else if (patience < 28) {
            it.attempts = static_cast<std::uint8_t>(random_.between(1, 3));
        }
        to_.items.push_back(it);
    }

    [[nodiscard]] std::uint8_t any_client_of(testing::random_stream& random) const {
        return static_cast<std::uint8_t>(random.below(to_.clients));
    }
    [[nodiscard]] std::uint8_t any_client() {
        return static_cast<std::uint8_t>(random_.below(to_.clients));
    }
    [[nodiscard]] std::uint8_t any_node() {
        return static_cast<std::uint8_t>(random_.below(to_.nodes));
    }

    void trouble() {
        item it;
        it.at = random_.between(0, to_.calm_at * 7 / 8);
        it.lasts = random_.percent(50) ? random_.between(1, 30) * millisecond
                                       : random_.between(1, 2 * to_.longest_lease_ms) * millisecond;
        it.lasts = std::min(it.lasts, to_.calm_at - it.at);
        it.client = any_client();
        it.node = any_node();
        it.resource = static_cast<std::uint8_t>(random_.below(to_.resources));
        it.flag = random_.percent(70);
        if (to_.kind == world_kind::leaping) {
            // What takes long shows nothing exactly, and what is lost is not held.
            it.kind = random_.one_in(2) ? item_kind::cut : item_kind::lose_news;
            to_.items.push_back(it);
            return;
        }
        const std::uint64_t kind = random_.below(100);
        if (kind < 16) {
            it.kind = item_kind::pause;
        } else if (kind < 18) {
            it.kind = item_kind::kill;
        } else if (kind < 34) {
            it.kind = item_kind::cut;
        } else if (kind < 46) {
            it.kind = item_kind::slow;
            it.amount = random_.between(1, 2 * to_.node_timeout_ms) * millisecond;
        } else if (kind < 54) {
            it.kind = item_kind::part;
        } else if (kind < 72) {
            crash(it);
        } else if (kind < 80) {
            it.kind = item_kind::freeze;
        } else if (kind < 83) {
            it.kind = item_kind::full;
        } else if (kind < 88) {
            node_step(it);
        } else if (kind < 91) {
            it.kind = item_kind::wall_step;
            it.amount = random_.between(-to_.window_ms * 4000, to_.window_ms * 4000);
        } else if (kind < 96) {
            it.kind = item_kind::lose_news;
        } else if (kind < 99) {
            it.kind = item_kind::outsider;
        } else {
            it.kind = item_kind::vouch;
        }
        to_.items.push_back(it);
        if (it.kind == item_kind::crash && random_.percent(40)) {
            meet_its_end(it);
        }
    }

    /// What happens to managers and to whole data sets.
    void upheaval() {
        testing::random_stream more{to_.seed, 6};
        item it;
        if (to_.kind != world_kind::leaping && more.percent(15)) {
            it.kind = item_kind::change_manager;
            it.at = more.between(0, to_.calm_at * 7 / 8);
            it.client = any_client_of(more);
            it.flag = more.one_in(2);
            to_.items.push_back(it);
        }
        if (to_.kind == world_kind::within && more.percent(3)) {
            it = {};
            it.kind = item_kind::flush;
            it.client = any_client_of(more);
            it.at = more.between(0, to_.calm_at * 7 / 8);
            it.node = static_cast<std::uint8_t>(more.below(to_.nodes));
            to_.items.push_back(it);
        }
    }

    void crash(item& it) {
        it.kind = item_kind::crash;
        it.lasts = std::min(it.lasts, random_.between(0, 40) * millisecond);
        if (!to_.durable || to_.kind == world_kind::wild) {
            const std::uint64_t data = random_.below(100);
            it.data = data < 60   ? crash_data::lost
                      : data < 80 ? crash_data::partly_lost
                                  : crash_data::kept;
            if (it.data == crash_data::partly_lost && random_.one_in(2)) {
                it.amount = random_.between(1, it.at / microsecond + 1);
            }
        }
    }

    /// Somebody connects anew and wants the lock while the node's quarantine is about to end.
    void meet_its_end(const item& crash) {
        const tick ends = crash.at + crash.lasts + to_.quarantine_ms * millisecond;
        const tick at = ends - random_.between(0, 50) * millisecond;
        const tick lasts = 90 * millisecond;
        if (at < 0 || at + lasts > to_.calm_at) {
            return;
        }
        item it;
        it.node = crash.node;
        it.client = any_client();
        it.at = at;
        it.kind = item_kind::cut;
        it.lasts = random_.between(0, millisecond);
        to_.items.push_back(it);
        // Another one is silent, so that this one's vote decides.
        it.kind = item_kind::freeze;
        it.node = static_cast<std::uint8_t>((crash.node + 1) % to_.nodes);
        it.lasts = lasts;
        to_.items.push_back(it);
        // And the vote may take long.
        it.kind = item_kind::slow;
        it.node = crash.node;
        it.at = at + random_.between(0, 14 * millisecond);
        it.amount = random_.between(5, 50) * millisecond;
        to_.items.push_back(it);
        want(it.client, at + random_.between(0, 14 * millisecond));
    }

    /// As far as the shortest lease allows for, mostly.
    [[nodiscard]] std::int64_t any_step() {
        const std::int64_t most_us = std::min(to_.step_ms * 1000, to_.shortest_lease_ms * 100);
        return random_.percent(70) ? most_us : random_.between(-most_us, most_us);
    }

    /// Many nodes are set at about the same time: one alone takes nobody's lock.
    void steps() {
        if (to_.kind != world_kind::stepping && to_.kind != world_kind::leaping) {
            return;
        }
        const tick at = random_.between(0, to_.calm_at * 7 / 8);
        const std::int64_t leap_us = (to_.shortest_lease_ms + random_.between(30, 100)) * 1000;
        for (std::size_t node = 0; node < to_.nodes; ++node) {
            item it;
            it.kind = item_kind::node_step;
            it.at = at + random_.between(0, 5 * millisecond);
            it.node = static_cast<std::uint8_t>(node);
            it.amount = to_.kind == world_kind::leaping ? leap_us : any_step();
            if (random_.percent(75)) {
                to_.items.push_back(it);
            }
        }
    }

    void node_step(item& it) {
        it.kind = item_kind::node_step;
        const std::int64_t step_us = to_.step_ms * 1000;
        switch (to_.kind) {
            case world_kind::within:
            case world_kind::mixed:
            case world_kind::leaping:
                it.amount = -random_.between(0, step_us);
                break;
            case world_kind::stepping:
                it.amount = any_step();
                break;
            case world_kind::wild:
                it.amount = random_.between(-10 * step_us, 10 * step_us);
                break;
        }
        // One step within the time that a quarantine must bridge; see quarantine_time.
        const bool stepped =
            std::any_of(to_.items.begin(), to_.items.end(), [&](const item& other) {
                return other.kind == item_kind::node_step && other.node == it.node;
            });
        if (stepped && to_.kind != world_kind::wild) {
            it.kind = item_kind::cut;
        }
    }

    void judge() {
        const bool tame = to_.kind == world_kind::within || to_.kind == world_kind::stepping;
        const bool loses = std::any_of(to_.items.begin(), to_.items.end(), [](const item& it) {
            return it.kind == item_kind::crash && it.data != crash_data::kept;
        });
        // Of what a flush does nothing is promised, but that it passes.
        const bool flushes = std::any_of(to_.items.begin(), to_.items.end(), [](const item& it) {
            return it.kind == item_kind::flush;
        });
        const bool vouches = std::any_of(to_.items.begin(), to_.items.end(), [](const item& it) {
            return it.kind == item_kind::vouch;
        });
        // Without a guard nothing is promised once data are lost, nor if somebody vouches falsely.
        const bool safe = !flushes && (!loses || (to_.guard && !vouches));
        to_.judged.exclusion = tame && safe;
        to_.judged.tokens = tame && safe;
        to_.judged.liveness = tame;
        to_.judged.hearing = to_.kind == world_kind::leaping;
    }

    testing::random_stream random_;
    plan& to_;
};

}  // namespace

void make_plan(std::uint64_t seed, const plan_options& options, plan& into) {
    planner{seed, options, into}.make();
    play_a_scene(options, into);
    bring_a_stranger(into);
    leave_out_fencing(into);
    bring_readers(into);
    want_all(into);
    bring_semaphores(into);
    enlarge(into);
}

}  // namespace redlock::sim
