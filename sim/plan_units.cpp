// What is decided once all else is: who does without fencing, the terms that follow from others,
// and the units of plans: all is made four times as long as it is drawn, and messages twice.
#include <algorithm>
#include <chrono>
#include <cstddef>

#include "core/quarantine.hpp"
#include "sim/plan.hpp"
#include "testing/random_stream.hpp"

namespace redlock::sim {

namespace {

using std::chrono::milliseconds;

std::int64_t quarantine_of(const terms& its) {
    return core::quarantine_time(milliseconds{its.longest_lease_ms}, milliseconds{its.window_ms},
                                 milliseconds{its.step_ms})
        .count();
}

}  // namespace

void reckon(terms& its, std::int64_t longer) {
    its.quarantine_ms = quarantine_of(its);
    its.fence_lifetime_ms =
        std::max(2 * its.window_ms + its.step_ms + 1, its.longest_lease_ms) + longer;
}

void leave_out_fencing(plan& into) {
    testing::random_stream random{into.seed, 8};
    if (into.staged || into.kind == world_kind::leaping || !random.percent(15)) {
        return;
    }
    const bool everybody = random.percent(60);
    into.unfenced = static_cast<std::uint8_t>(everybody ? 0xFFU : 1 + random.below(31));
}

void bring_readers(plan& into) {
    testing::random_stream random{into.seed, 9};
    if (into.staged || !random.percent(20)) {
        return;
    }
    const auto share = static_cast<std::uint64_t>(random.between(20, 90));
    for (item& each : into.items) {
        if (each.kind == item_kind::want) {
            each.shared = random.percent(share);
            each.downgrades =
                !each.shared && random.percent(30) ? 1 + random.between(0, each.lasts) : 0;
        }
    }
}

void want_all(plan& into) {
    testing::random_stream random{into.seed, 10};
    // Where nothing goes wrong, it is judged how soon a free lock is taken: one who waits for
    // several may keep one of them free for others of its process.
    if (into.staged || into.undisturbed || !random.percent(12)) {
        return;
    }
    into.resources = std::max<std::size_t>(into.resources, 2);
    const auto share = static_cast<std::uint64_t>(random.between(20, 80));
    for (item& each : into.items) {
        if (each.kind != item_kind::want) {
            continue;
        }
        each.resource = static_cast<std::uint8_t>(random.below(into.resources));
        each.all = random.percent(share);
        each.shared = each.shared && !each.all;
        each.downgrades = each.all ? 0 : each.downgrades;
    }
}

void bring_semaphores(plan& into) {
    testing::random_stream random{into.seed, 21};
    if (into.staged || into.kind == world_kind::mixed || !random.percent(15) ||
        std::ranges::any_of(into.items, &item::all)) {
        return;
    }
    for (std::size_t resource = 0; resource < into.resources; ++resource) {
        if (resource == 0 || random.percent(60)) {
            into.permits.at(resource) = static_cast<std::uint8_t>(1 + random.below(most_permits));
        }
    }
}

void enlarge(plan& it) {
    constexpr std::int64_t times = 4;
    for (std::int64_t* const each :
         {&it.longest_lease_ms, &it.shortest_lease_ms, &it.window_ms, &it.fence_lifetime_ms,
          &it.step_ms, &it.node_timeout_ms, &it.hand_over_ms, &it.calm_at,
          &it.of_stranger.longest_lease_ms, &it.of_stranger.window_ms,
          &it.of_stranger.fence_lifetime_ms, &it.of_stranger.step_ms}) {
        *each *= times;
    }
    it.fastest_message *= 2;
    it.slowest_message *= 2;
    it.quarantine_ms = quarantine_of(it.own_terms());
    it.of_stranger.quarantine_ms = quarantine_of(it.of_stranger);
    for (item& each : it.items) {
        each.at *= times;
        each.lasts *= times;
        each.deadline *= times;
        each.downgrades *= times;
        each.lease_ms *= times;
        if (each.kind != item_kind::clock_rate) {
            each.amount *= times;
        }
    }
}

}  // namespace redlock::sim
