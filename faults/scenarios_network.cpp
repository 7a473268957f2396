// Connections that break at every byte, packets that vanish, hosts that cannot reach each other.
#include <algorithm>

#include "faults/scenario.hpp"

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

// Arms so many of the proxies, and waits until each has cut. A position that the traffic does not
// come to within half a second is left: all connections may be down.
void cut_once(world& all, std::size_t first, std::size_t count, direction way, std::size_t bytes) {
    std::size_t before = 0;
    for (std::size_t i = 0; i < count; ++i) {
        before += all.proxy((first + i) % all.with().nodes).cuts();
        all.proxy((first + i) % all.with().nodes).arm(way, bytes);
    }
    std::size_t done = 0;
    for (int tries = 0; tries < 250 && done < count; ++tries) {
        all.pause(2ms);
        done = 0;
        for (std::size_t i = 0; i < count; ++i) {
            done += all.proxy((first + i) % all.with().nodes).cuts();
        }
        done -= before;
    }
    for (std::size_t i = 0; i < count; ++i) {
        all.proxy((first + i) % all.with().nodes).disarm();
    }
    all.happened(done);
}

void cut_everywhere(world& all) {
    all.pause(500ms);
    for (const direction way : {direction::requests, direction::replies}) {
        std::size_t longest = 0;
        for (std::size_t node = 0; node < all.with().nodes; ++node) {
            longest = std::max(longest, all.proxy(node).longest(way));
        }
        // A round is one script call a node: several that were written at once add nothing.
        longest = std::min<std::size_t>(longest, 500);
        for (const std::size_t nodes : {1U, 2U}) {
            for (std::size_t bytes = 0; bytes < longest; ++bytes) {
                cut_once(all, bytes % all.with().nodes, nodes, way, bytes);
            }
        }
    }
}

void drop_packets(world& all) {
    for (const unsigned percent : {5U, 20U, 40U}) {
        for (std::size_t node = 0; node < all.with().nodes; ++node) {
            all.network().lose(node, percent);
        }
        all.pause(3s);
        for (std::size_t node = 0; node < all.with().nodes; ++node) {
            all.network().heal(node);
        }
        all.pause(500ms);
    }
    all.happened(all.network().dropped());
}

// Each client loses each server once, then one its majority, then all hear nothing from one server.
void part_hosts(world& all) {
    lan& network = all.network();
    const std::size_t nodes = all.with().nodes;
    for (std::size_t client = 0; client < all.with().clients; ++client) {
        network.part(client % nodes, all.host_of_client(client));
    }
    all.pause(2500ms);
    network.part(0, all.host_of_client(1));
    network.part(1, all.host_of_client(0));
    all.pause(2500ms);
    for (std::size_t node = 0; node < nodes; ++node) {
        network.heal(node);
    }
    all.pause(1s);
    for (std::size_t client = 0; client < all.with().clients; ++client) {
        network.deafen(client % nodes, all.host_of_client(client));
        network.deafen((client + 1) % nodes, all.host_of_client(client));
    }
    all.pause(3s);
    for (std::size_t node = 0; node < nodes; ++node) {
        network.heal(node);
    }
    all.happened(network.dropped());
}

}  // namespace

std::vector<scenario> network_scenarios() {
    setting proxied;
    proxied.proxies = true;
    setting hosts;
    hosts.network = true;
    setting more_hosts = hosts;
    more_hosts.nodes = 5;
    return {
        {"cut-bytes", "connections cut at every byte of a round", true, false, proxied,
         cut_everywhere},
        {"drop-packets", "up to 40 % of the packets to the servers are lost", true, true, hosts,
         drop_packets},
        {"part-hosts", "clients and servers parted, in both directions or in one", true, true,
         hosts, part_hosts},
        {"part-hosts-of-five", "the same with five servers", true, false, more_hosts, part_hosts},
    };
}

}  // namespace redlock::faults
