// Servers whose memory is full: those that say so, and those that throw keys away.
#include <string>

#include "faults/scenario.hpp"

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

std::size_t counted_by(world& all, std::size_t node, const char* section, std::string_view before) {
    const std::string text = all.ask(node, {"INFO", section});
    const auto at = text.find(before);
    return at == std::string::npos ? 0 : std::stoul(text.substr(at + before.size()));
}

void fill_memory(world& all) {
    for (std::size_t first = 0; first < all.with().nodes; ++first) {
        // One alone, then two at once, so that there is no majority for a while.
        all.ask(first, {"CONFIG", "SET", "maxmemory", "1"});
        all.pause(1s);
        const std::size_t second = (first + 1) % all.with().nodes;
        all.ask(second, {"CONFIG", "SET", "maxmemory", "1"});
        all.pause(1s);
        all.ask(first, {"CONFIG", "SET", "maxmemory", "0"});
        all.ask(second, {"CONFIG", "SET", "maxmemory", "0"});
        all.pause(500ms);
    }
    for (std::size_t node = 0; node < all.with().nodes; ++node) {
        all.happened(counted_by(all, node, "errorstats", "errorstat_OOM:count="));
    }
}

// Every server has room for some twenty keys more, and somebody else goes on writing.
void evict(world& all) {
    for (std::size_t node = 0; node < all.with().nodes; ++node) {
        const std::size_t room = counted_by(all, node, "memory", "used_memory:") + 20'000;
        all.ask(node, {"CONFIG", "SET", "maxmemory-policy", "allkeys-random"});
        all.ask(node, {"CONFIG", "SET", "maxmemory", std::to_string(room)});
    }
    for (std::size_t i = 0; i < 3000; ++i) {
        all.ask(i % all.with().nodes,
                {"SET", "other:" + std::to_string(i), std::string(1000, 'x'), "PX", "1000"});
        all.pause(2ms);
    }
    for (std::size_t node = 0; node < all.with().nodes; ++node) {
        all.ask(node, {"CONFIG", "SET", "maxmemory", "0"});
        all.happened(counted_by(all, node, "stats", "evicted_keys:"));
    }
}

}  // namespace

std::vector<scenario> memory_scenarios() {
    return {
        {"memory-full", "maxmemory reached, noeviction", true, true, {}, fill_memory},
        {"evicting", "maxmemory reached, allkeys-random", false, false, {}, evict},
    };
}

}  // namespace redlock::faults
