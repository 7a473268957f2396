// What one seed stands for: the world's make and everything that will happen to it, as a list from
// which single items can be left out. Two runs of one plan are the same to the byte; a plan with
// items left out is how a failing schedule is made small. Plain data; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/checker.hpp"
#include "testing/drifting_clock.hpp"

namespace redlock::sim {

inline constexpr std::size_t most_nodes = 5;
inline constexpr std::size_t most_clients = 5;

using testing::microsecond;
using testing::millisecond;
using testing::no_tick;
using testing::second;

enum class world_kind : std::uint8_t {
    within,    ///< All that the promises assume.
    mixed,     ///< The same, but one client comes with other nodes or settings than the others.
    stepping,  ///< Nodes' clocks are set forward, by as much as locks allow for.
    leaping,   ///< They are set forward by more: who hears of it must draw the conclusion.
    wild,      ///< Clocks beyond their bounds: nothing is promised, and what happens is told.
};

enum class item_kind : std::uint8_t {
    want,            ///< Somebody wants the lock.
    clock_rate,      ///< Of a client or, if `node` is given, a node: `amount` in ppm.
    wall_offset,     ///< Of a client's wall clock or a node's clock: `amount` in us.
    pause,           ///< A client stands still.
    kill,            ///< A client is gone for good.
    cut,             ///< A connection breaks.
    slow,            ///< A link takes `amount` longer.
    part,            ///< A link carries nothing.
    crash,           ///< A node goes down and comes back.
    freeze,          ///< A node stands still.
    full,            ///< A node's memory is full.
    node_step,       ///< A node's clock is set by `amount` us.
    wall_step,       ///< A client's wall clock is set by `amount` us.
    lose_news,       ///< What a node tells a client of its own accord is lost.
    outsider,        ///< Somebody who was told the holder's token releases it.
    vouch,           ///< An operator vouches for a node.
    flush,           ///< A node is told to forget everything, and goes on.
    change_manager,  ///< A client closes its manager or, without `flag`, destroys it, and makes
                     ///< another.
};

enum class crash_data : std::uint8_t {
    kept,
    lost,
    partly_lost,  ///< All that came in the last `amount` us; zero: since the last save.
};

/// One item. What a field means depends on the kind; unused ones are zero.
struct item {
    static constexpr std::uint8_t nobody = 255;

    item_kind kind = item_kind::want;
    tick at = 0;
    tick lasts = 0;
    std::uint8_t client = nobody;
    std::uint8_t node = nobody;
    std::uint8_t user = 0;
    std::uint8_t resource = 0;
    std::int64_t amount =
        0;              ///< want: when it is extended, in us after it was had; zero: by chance.
    bool flag = false;  ///< cut: what was sent is still carried out; vouch, want: see there.
    crash_data data = crash_data::kept;
    // want
    std::int64_t lease_ms = 0;
    bool renews = false;
    tick deadline = 0;    ///< Zero: none. Then it is cancelled if `flag`.
    bool listens = true;  ///< It waits for the news that its lock is lost.
    std::uint8_t attempts = 0;
    bool shared = false;  ///< It wants to be one of many.
    bool all = false;     ///< It wants all resources together, not only `resource`.
    tick downgrades = 0;  ///< So long after it has the lock it makes it a shared one; zero: never.
};

/// What clients of one kind have in common.
struct terms {
    std::uint8_t nodes = 0;  ///< The first so many.
    std::int64_t longest_lease_ms = 0;
    std::int64_t window_ms = 0;
    std::int64_t fence_lifetime_ms = 0;
    std::int64_t step_ms = 0;
    std::int64_t quarantine_ms = 0;
};

/// Brings what follows from the others in line with them; the fence may live `longer` than it must.
void reckon(terms& its, std::int64_t longer = 0);

/// How far a clock is from the true time.
struct clock_fault {
    std::int64_t rate_ppm = 0;
    tick offset = 0;
};

/// The number of the lock that a slot is.
[[nodiscard]] constexpr std::size_t slot_of(std::size_t resource, std::size_t slot) {
    return most_resources + resource * most_permits + slot;
}

struct plan {
    std::uint64_t seed = 0;
    world_kind kind = world_kind::within;
    std::size_t nodes = 3;
    std::size_t clients = 3;
    std::size_t users = 3;  ///< User u belongs to client u % clients.
    std::size_t resources = 1;
    /// How many permits each resource has; zero: it is a lock.
    std::array<std::uint8_t, most_resources> permits{};
    bool guard = true;
    bool durable = false;  ///< Nodes keep their data, and are trusted to.
    bool fair = true;
    bool tracking = true;       ///< Nodes tell of changed keys, and do not refuse to.
    bool steady_links = false;  ///< Each message on a link takes equally long.
    bool undisturbed = false;   ///< Nothing goes wrong from the beginning.
    bool valkey = false;        ///< Nodes are Valkey 9.
    bool crowded = false;       ///< Users of a process want several resources at once.
    bool young_nodes = false;   ///< Nobody has greeted them yet.
    bool staged = false;        ///< See play_a_scene.
    /// Whose locks have no fencing tokens: a bit for each client.
    std::uint8_t unfenced = 0;
    std::int64_t longest_lease_ms = 0;
    std::int64_t shortest_lease_ms = 0;
    std::int64_t window_ms = 0;
    std::int64_t fence_lifetime_ms = 0;
    std::int64_t step_ms = 0;
    std::int64_t quarantine_ms = 0;
    std::int64_t node_timeout_ms = 50;
    std::size_t hand_over_count = 0;
    std::int64_t hand_over_ms = 0;
    tick fastest_message = 0;
    tick slowest_message = 0;
    tick calm_at = 0;
    terms of_stranger;  ///< mixed: the terms of the last client. The others have those above.
    bool stranger_first = false;  ///< It has met its nodes before the others did.
    assumptions judged;
    std::vector<item> items;

    /// Calls `visit` with the number of each lock that there may be; see `name_of`.
    template <class Visit>
    void for_each_lock(Visit&& visit) const {
        for (std::size_t resource = 0; resource < resources; ++resource) {
            if (permits.at(resource) == 0) {
                visit(resource);
            }
            for (std::size_t slot = 0; slot < permits.at(resource); ++slot) {
                visit(slot_of(resource, slot));
            }
        }
    }
    /// Whether some node's clock is set forward.
    [[nodiscard]] bool sets_clocks_forward() const {
        return std::any_of(items.begin(), items.end(), [](const item& each) {
            return each.kind == item_kind::node_step && each.amount > 0;
        });
    }
    /// By how much a message may be slowed down.
    [[nodiscard]] tick slowest_trouble() const {
        tick most = 0;
        for (const item& each : items) {
            most = std::max(most, each.kind == item_kind::slow ? each.amount : 0);
        }
        return most;
    }
    [[nodiscard]] bool is_stranger(std::size_t client) const {
        return kind == world_kind::mixed && client + 1 == clients;
    }
    [[nodiscard]] terms own_terms() const {
        return {static_cast<std::uint8_t>(nodes),
                longest_lease_ms,
                window_ms,
                fence_lifetime_ms,
                step_ms,
                quarantine_ms};
    }
    void set_own_terms(const terms& its) {
        longest_lease_ms = its.longest_lease_ms;
        window_ms = its.window_ms;
        fence_lifetime_ms = its.fence_lifetime_ms;
        step_ms = its.step_ms;
        quarantine_ms = its.quarantine_ms;
    }
    [[nodiscard]] terms terms_of(std::size_t client) const {
        return is_stranger(client) ? of_stranger : own_terms();
    }
    [[nodiscard]] bool guards(std::size_t client) const {
        return guard && (of_stranger.nodes >= 3 || !is_stranger(client));
    }
    [[nodiscard]] bool fences(std::size_t client) const { return (unfenced >> client & 1U) == 0; }
    /// What nodes keep at the beginning, unless they are young.
    [[nodiscard]] terms first_terms_on(std::size_t node) const {
        return stranger_first && node < of_stranger.nodes ? of_stranger : own_terms();
    }
    /// How a clock is off: that of a client or, if `client` is nobody, of a node.
    [[nodiscard]] clock_fault fault_of(std::size_t client, std::size_t node) const {
        clock_fault its;
        for (const item& each : items) {
            if (each.client == client && each.node == node) {
                its.rate_ppm = each.kind == item_kind::clock_rate ? each.amount : its.rate_ppm;
                its.offset =
                    each.kind == item_kind::wall_offset ? each.amount * microsecond : its.offset;
            }
        }
        return its;
    }
};

struct plan_options {
    bool guard = true;
};

/// Five clients with leases of 10 s on three nodes, of which one is killed and comes back empty,
/// and then a second one.
void plan_of_restarts(std::uint64_t seed, const plan_options& options, plan& into);

/// Makes a few of the worlds within the assumptions scenes, in which all is arranged so that one
/// rule decides; by random numbers of their own, so that all other worlds are what they are
/// without.
void play_a_scene(const plan_options& options, plan& into);

/// Makes a few of the worlds within the assumptions mixed ones, by random numbers of their own: all
/// other worlds are what they are without it.
void bring_a_stranger(plan& into);

/// In a few of the worlds some or all clients do without fencing, by random numbers of its own.
/// Not where clocks leap: without fencing a grant tells no time by which to notice it.
void leave_out_fencing(plan& into);

/// In some of the worlds some of those who want a lock are content to share it, by random numbers
/// of its own.
void bring_readers(plan& into);

/// In some of the worlds some want all resources together, by random numbers of its own.
void want_all(plan& into);

/// In some of the worlds some resources are semaphores, by random numbers of its own.
void bring_semaphores(plan& into);

/// Plans are made in units of their own; this makes all times as long as they are played.
void enlarge(plan& it);

/// The plan of a seed. `into`'s memory is used again.
void make_plan(std::uint64_t seed, const plan_options& options, plan& into);

}  // namespace redlock::sim
