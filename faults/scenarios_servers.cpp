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
    return {
        {"calm", "no fault at all", true, true, quick, nothing},
        {"kill-minority", "kill -9 of two servers of five", true, true, five, kill_minority},
        {"freeze-server", "SIGSTOP of one server after the other", true, true, {}, freeze_servers},
        {"freeze-majority", "SIGSTOP of two servers of three", true, false, {}, freeze_majority},
        {"script-flush", "SCRIPT FLUSH every 2 ms", true, true, {}, flush_scripts},
    };
}

}  // namespace redlock::faults
