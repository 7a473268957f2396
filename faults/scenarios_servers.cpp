// Servers that are killed, frozen, or told to forget their scripts, without forgetting a lock that
// counts.
#include "faults/scenario.hpp"

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

void nothing(world& all) {
    all.pause(500ms);
    all.happened();
}

// Two of five, dead until the calm: the other three are a majority.
void kill_minority(world& all) {
    all.pause(700ms);
    for (const std::size_t node : {0U, 3U}) {
        all.kill(node);
        all.happened();
        all.pause(2500ms);
    }
}

void freeze_servers(world& all) {
    for (int i = 0; i < 12; ++i) {
        const std::size_t node = all.random_node();
        all.server(node).freeze();
        all.happened();
        all.pause(all.random(50ms, 1500ms));
        all.server(node).thaw();
        all.pause(all.random(10ms, 200ms));
    }
}

// A majority is set forward by nearly all that locks allow for, once in a lease, while a client
// that may hold the lock cannot renew it: somebody else gets it as soon as the nodes let go.
void step_node_clocks(world& all) {
    const auto lease = all.with().lease_time;
    for (std::size_t i = 0; i < 9; ++i) {
        const support::child& sleeper = all.client(i % all.with().clients);
        sleeper.freeze();
        for (std::size_t node = 0; node < all.with().nodes; ++node) {
            if (node != i % all.with().nodes) {  // in turn, so that they do not part
                all.clock(node).set_forward(lease / 10 - 1ms);
                all.happened();
            }
        }
        all.pause(lease + all.random(50ms, 300ms));
        sleeper.thaw();
        all.pause(all.random(50ms, 300ms));
    }
}

// What was sent meanwhile is worked off in one go when they thaw: late acquisitions, late releases.
void freeze_majority(world& all) {
    for (int i = 0; i < 6; ++i) {
        const std::size_t well = all.random_node();
        for (const bool frozen : {true, false}) {
            for (std::size_t node = 0; node < all.with().nodes; ++node) {
                if (node != well) {
                    frozen ? all.server(node).freeze() : all.server(node).thaw();
                    all.happened(frozen ? 1 : 0);
                }
            }
            all.pause(frozen ? all.random(100ms, 2200ms) : all.random(200ms, 500ms));
        }
    }
}

void flush_scripts(world& all) {
    for (int i = 0; i < 1500; ++i) {
        all.ask(static_cast<std::size_t>(i) % all.with().nodes, {"SCRIPT", "FLUSH", "SYNC"});
        all.pause(2ms);
    }
    // Only what a client stumbled over counts.
    for (std::size_t node = 0; node < all.with().nodes; ++node) {
        const std::string errors = all.ask(node, {"INFO", "errorstats"});
        constexpr std::string_view before = "errorstat_NOSCRIPT:count=";
        const auto at = errors.find(before);
        all.happened(at == std::string::npos ? 0 : std::stoul(errors.substr(at + before.size())));
    }
}

}  // namespace

std::vector<scenario> server_scenarios() {
    setting five;
    five.nodes = 5;
    setting quick;
    quick.clients = 2;
    quick.calm = 1500ms;
    quick.lease_time = 500ms;
    quick.clock_window = 200ms;
    setting settable;
    settable.node_clocks = true;
    settable.long_every = 4;
    return {
        {"calm", "no fault at all", true, true, quick, nothing},
        {"kill-minority", "kill -9 of two servers of five", true, true, five, kill_minority},
        {"freeze-server", "SIGSTOP of one server after the other", true, true, {}, freeze_servers},
        {"freeze-majority", "SIGSTOP of two servers of three", true, false, {}, freeze_majority},
        {"node-clock-step",
         "the clocks of two servers of three are set forward by a tenth of a lease", true, false,
         settable, step_node_clocks},
        {"script-flush", "SCRIPT FLUSH every 2 ms", true, true, {}, flush_scripts},
    };
}

}  // namespace redlock::faults
