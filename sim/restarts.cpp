// The known overlap of plain Redlock; see plan_of_restarts in plan.hpp.
#include "sim/plan.hpp"
#include "testing/random_stream.hpp"

namespace redlock::sim {

namespace {

item nobody_yet(item_kind kind, tick at) {
    item it;
    it.kind = kind;
    it.at = at;
    return it;
}

}  // namespace

void plan_of_restarts(std::uint64_t seed, const plan_options& options, plan& into) {
    testing::random_stream random{seed, 0};
    into = plan{};
    into.seed = seed;
    into.guard = options.guard;
    into.clients = into.users = 5;
    terms its{.longest_lease_ms = 10'000, .window_ms = 10'000, .step_ms = 1'000};
    reckon(its, 100'000);
    into.set_own_terms(its);
    into.shortest_lease_ms = its.longest_lease_ms;
    into.node_timeout_ms = 500;
    into.fastest_message = 100 * microsecond;
    into.slowest_message = 2 * millisecond;
    into.calm_at = 12 * second;
    for (std::size_t client = 0; client < into.clients; ++client) {
        item want = nobody_yet(item_kind::want, random.between(0, 500 * millisecond));
        want.client = want.user = static_cast<std::uint8_t>(client);
        want.lease_ms = into.longest_lease_ms;
        want.lasts = 9 * second;
        into.items.push_back(want);
    }
    for (std::uint8_t node = 0; node < 2; ++node) {
        item crash =
            nobody_yet(item_kind::crash, (1 + 3 * node) * second + random.between(0, second));
        crash.node = node;
        crash.lasts = 100 * millisecond;
        crash.data = crash_data::lost;
        into.items.push_back(crash);
    }
}

}  // namespace redlock::sim
