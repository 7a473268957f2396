// Clients that are stopped while they hold the lock, or told a wrong time.
#include <csignal>

#include "faults/scenario.hpp"

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

// Longer than a lease, so that somebody else gets the lock; then the sleeper writes what it
// computed.
void freeze_clients(world& all) {
    for (std::size_t i = 0; i < 8; ++i) {
        const support::child& sleeper = all.client(i % all.with().clients);
        sleeper.freeze();
        all.happened();
        all.pause(all.random(all.with().lease_time, all.with().lease_time * 5 / 2));
        sleeper.thaw();
        all.pause(all.random(50ms, 500ms));
    }
}

void step_clock(world& all) {
    for (const char* words : {"+0.3s", "+2s", "-2s", "+1h", "-30d", "+0", "-0.2s", "+10y", "+0"}) {
        all.fake_time(words);
        all.happened();
        all.pause(1200ms);
    }
}

void slow_clock(world& all) {
    all.happened();
    all.pause(12s);
}

void step_all_clocks(world& all) {
    for (const char* words : {"-0.5s", "-2s", "+0", "+3s", "+0.1s"}) {
        all.fake_time(words);
        all.happened();
        all.pause(2s);
    }
}

}  // namespace

std::vector<scenario> client_scenarios() {
    setting wall;
    wall.clocks = faked::wall_clock;
    setting all_clocks;
    all_clocks.clocks = faked::all_clocks;
    setting slow_wall = wall;
    slow_wall.clock_rate = 0.5;
    setting slow = all_clocks;
    // Slower than the watchdog can make up for: it renews after a third of the lease.
    slow.clock_rate = 0.3;
    slow.long_every = 10;
    slow.calm = 12s;
    return {
        {"freeze-client", "SIGSTOP of clients past their lease", true, true, {}, freeze_clients},
        {"clock-step", "a client's wall clock jumps, by up to ten years", true, true, wall,
         step_clock},
        {"clock-slow-wall", "a client's wall clock runs at half speed", true, false, slow_wall,
         slow_clock},
        {"clock-slow", "all clocks of a client run at a third of their speed", false, false, slow,
         slow_clock},
        {"clock-back", "all clocks of a client jump, backwards too", false, false, all_clocks,
         step_all_clocks},
    };
}

}  // namespace redlock::faults
