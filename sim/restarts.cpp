// The known overlap of plain Redlock; see plan_of_restarts in plan.hpp.
#include "core/quarantine.hpp"
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
    using std::chrono::milliseconds;
    testing::random_stream random{seed, 0};
    into = plan{};
    into.seed = seed;
    into.guard = options.guard;
    into.clients = into.users = 5;
    into.longest_lease_ms = into.shortest_lease_ms = 10'000;
    into.window_ms = 10'000;
    into.step_ms = 1'000;
    into.quarantine_ms =
        core::quarantine_time(milliseconds{into.longest_lease_ms}, milliseconds{into.window_ms},
                              milliseconds{into.step_ms})
            .count();
    into.fence_lifetime_ms = 120'000;
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
