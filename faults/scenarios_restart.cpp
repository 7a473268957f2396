// Servers that are killed and come back: with all they knew, with all but the last second, with
// nothing, or as another server that knows only what was replicated.
#include <string>

#include "faults/scenario.hpp"

namespace redlock::faults {
namespace {

using namespace std::chrono_literals;

void restart_any_time(world& all) {
    for (int i = 0; i < 12; ++i) {
        all.pause(all.random(50ms, 1500ms));
        const std::size_t node = all.random_node();
        all.kill(node);
        all.happened();
        all.pause(all.random(0ms, 300ms));
        all.restart(node);
    }
}

// One after the other, each only when the one before votes again: the lock must live through it.
void restart_in_turn(world& all) {
    for (std::size_t node = 0; node < all.with().nodes; ++node) {
        all.pause(300ms);
        all.kill(node);
        all.restart(node);
        all.happened();
        all.pause(all.quarantine() + 500ms);
    }
}

void restart_after_power_failure(world& all) {
    for (int i = 0; i < 12; ++i) {
        all.pause(all.random(50ms, 1000ms));
        const std::size_t node = all.random_node();
        all.lose_power(node, all.random(1ms, 1000ms));
        all.happened();
        all.restart(node);
    }
}

// The second while a holder still counts on what the first has forgotten, three times.
void restart_two(world& all) {
    all.pause(1s);
    for (std::size_t round = 0; round < 3; ++round) {
        for (const std::size_t node : {round % 3, (round + 1) % 3}) {
            all.kill(node);
            all.restart(node);
            all.happened();
            all.pause(100ms);
        }
        all.pause(all.with().lease_time);
    }
    all.pause(all.quarantine());
}

void restart_two_of_three(world& all) {
    all.pause(3s);
    for (const std::size_t node : {0U, 1U}) {
        all.kill(node);
        all.restart(node);
        all.happened();
        all.pause(1s);
    }
    // Until both vote again, and once more, the second now only after the first one does.
    all.pause(all.quarantine() + 4s);
    all.kill(2);
    all.restart(2);
    all.happened();
    all.pause(all.quarantine() + 1s);
    all.kill(0);
    all.restart(0);
    all.happened();
    all.pause(1s);
}

// The replica knows what had reached it when the master died.
void promote_replica(world& all) {
    for (int i = 0; i < 3; ++i) {
        support::redis_server_options follower;
        // A place for what it is sent at first; and the master is not to wait for more replicas.
        follower.arguments = {"--dir", all.folder(), "--replicaof", "127.0.0.1",
                              std::to_string(all.server(0).port())};
        all.ask(0, {"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
        support::redis_server replica{follower};
        for (int tries = 0; tries < 500; ++tries) {
            if (replica.command({"INFO", "replication"}).find("master_link_status:up") !=
                std::string::npos) {
                break;
            }
            all.pause(10ms);
        }
        all.pause(500ms);
        all.kill(0);
        replica.command({"REPLICAOF", "NO", "ONE"});
        all.proxy(0).lead_to(replica.port());
        all.happened();
        all.pause(all.quarantine() + 1s);
        all.restart(0);
        all.proxy(0).lead_to(all.server(0).port());
        all.pause(all.quarantine());
    }
}

setting slow_holders(std::chrono::milliseconds lease_time) {
    setting with;
    with.clients = 5;
    with.workers = 1;
    with.lease_time = lease_time;
    with.hold = lease_time / 2;
    with.long_every = 0;
    // Everybody waits for everybody: of ten holds each may last half a lease.
    with.calm = lease_time * 4;
    return with;
}

}  // namespace

std::vector<scenario> restart_scenarios() {
    setting everysec;
    everysec.kept = persistence::everysec;
    setting always;
    always.kept = persistence::always;
    setting durable = always;
    durable.durable = true;
    setting unguarded = slow_holders(2s);
    unguarded.guard = false;
    setting proxied;
    proxied.proxies = true;
    return {
        {"restart-empty",
         "any server restarts empty at any time",
         true,
         true,
         {},
         restart_any_time},
        {"restart-in-turn", "all servers restart empty, one when the last one votes again", true,
         false, slow_holders(1s), restart_in_turn},
        {"restart-two", "two of three restart empty within a lease", true, true, slow_holders(2s),
         restart_two},
        {"restart-two-of-three", "the same with leases of 10 s, twice", true, false,
         slow_holders(10s), restart_two_of_three},
        {"restart-two-unguarded", "the same as restart-two, without the guard", false, false,
         unguarded, restart_two},
        {"aof-always", "kill -9 and restart from an AOF, appendfsync always", true, false, always,
         restart_any_time},
        {"aof-durable", "the same, with nodes declared durable: they vote at once", true, true,
         durable, restart_any_time},
        {"aof-everysec", "power failure that costs up to a second of the AOF", true, false,
         everysec, restart_after_power_failure},
        {"replica-promoted", "a replica takes its dead master's place", false, false, proxied,
         promote_replica},
    };
}

}  // namespace redlock::faults
