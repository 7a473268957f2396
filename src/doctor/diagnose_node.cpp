// One function a question; see diagnose_node.hpp. A fact that was not seen leads to no verdict
// here: that it was not seen is one of its own.
#include "doctor/diagnose_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace redlock::doctor {

namespace {

using namespace std::chrono_literals;
using level = finding_level;

std::string bytes(std::uint64_t count) {
    constexpr std::uint64_t mega = 1024 * 1024;
    return count >= mega ? fmt::format("{} MB", count / mega) : fmt::format("{} bytes", count);
}

std::string counted_replicas(std::size_t count) {
    return fmt::format("{} replica{}", count, count == 1 ? "" : "s");
}

std::string_view advice_for_reach(const error_code& why) {
    if (why.category() != node_category()) {
        return {};
    }
    switch (static_cast<node_errc>(why.value())) {
        case node_errc::authentication_failed:
            return "check user and password of its URL";
        case node_errc::permission_denied:
            return "give the user the rule in docs/keys-and-acl.md";
        case node_errc::unknown_command:
            return "undo its rename-command; or connect to the server itself, or through a proxy "
                   "that "
                   "passes every command (docs/proxies.md)";
        case node_errc::protected_mode:
            return "give the server a password (requirepass, or ACL users) and put it into the "
                   "URL; or protected-mode no where its network is closed";
        case node_errc::tls_failed:
            return "see docs/tls.md: whether the port speaks TLS, and who has signed its "
                   "certificate";
        case node_errc::bad_reply:
            return "see that the port is that of a Redis server, and whether it speaks TLS";
        case node_errc::error_reply:
            return "mend what the server's own words name";
        case node_errc::loading:
        case node_errc::read_only:
            return "wait until that is over";
        case node_errc::no_answer:
        case node_errc::unresponsive:
            return "look what holds the server up, or allow it more time (--node-timeout)";
        default:
            return "see that the server runs and answers, and that this machine can reach it";
    }
}

void judge_reach(const node_health& node, node_findings& found) {
    // Of a server that loads its data there is a finding of its own.
    if (!node.error || (node.error == node_errc::loading && node.loading == true)) {
        return;
    }
    std::string what = node.error.message();
    if (!node.message.empty()) {
        what += ": " + node.message;
    }
    found.add(level::problem, "unreachable", std::move(what), "it gives no vote",
              std::string{advice_for_reach(node.error)});
}

/// "6.2.7" as {6, 2}; zeros if it cannot be read.
std::pair<unsigned, unsigned> major_minor(std::string_view version) {
    unsigned major = 0;
    unsigned minor = 0;
    const char* const end = version.data() + version.size();
    const auto [dot, wrong] = std::from_chars(version.data(), end, major);
    if (wrong == std::errc{} && dot != end && *dot == '.') {
        std::from_chars(dot + 1, end, minor);
    }
    return {major, minor};
}

void judge_server(const node_health& node, const diagnosis_terms& terms, node_findings& found) {
    if (!node.redis_version.empty() && major_minor(node.redis_version) < std::pair{6U, 2U}) {
        found.add(level::problem, "old_version",
                  fmt::format("{} {} is too old", node.server, node.version),
                  "the scripts use what came with Redis 6.2", "upgrade it to 6.2 or newer");
    }
    if (node.role == server_role::replica) {
        found.add(
            level::problem, "replica", "it is a replica",
            "what its master has granted it may not know yet, so it gives no vote, even if it "
            "takes writes",
            "give its master, or make it a master of its own (REPLICAOF NO ONE)");
    }
    if (node.loading == true) {
        found.add(level::problem, "loading", "it is still loading its data",
                  "until then it gives no vote", "wait");
    }
    if (node.round_trip &&
        node.round_trip->p99 > std::chrono::nanoseconds{terms.node_timeout} / 2) {
        found.add(level::warning, "slow",
                  fmt::format("one round trip in a hundred takes {} and more",
                              shown_time(node.round_trip->p99)),
                  fmt::format("after {} its vote is given up", shown_time(terms.node_timeout)),
                  "move it nearer, look what holds it up, or allow more time (--node-timeout)");
    }
    if (node.tls && !node.tls_verified) {
        found.add(level::warning, "tls_unverified", "its certificate is not verified (verify=none)",
                  "anybody on the way can pretend to be this server, and learns the password",
                  "give the authority's certificate with ?ca=FILE and drop verify=none");
    }
}

void judge_memory(const node_health& node, node_findings& found) {
    if (!node.memory || node.memory->policy.empty()) {
        return;
    }
    const memory_settings& memory = *node.memory;
    if (memory.policy == "noeviction") {
        if (memory.limit > 0 && memory.used >= memory.limit) {
            found.add(level::problem, "memory_full",
                      fmt::format("its memory is full ({} of {})", bytes(memory.used),
                                  bytes(memory.limit)),
                      "it refuses all writes, so it gives no vote",
                      "give it more (CONFIG SET maxmemory), or delete what is not needed");
        }
        return;
    }
    const std::string policy = "maxmemory-policy is " + memory.policy;
    const std::string_view advice = "CONFIG SET maxmemory-policy noeviction, and in redis.conf";
    if (memory.limit > 0) {
        found.add(level::problem, "evicting",
                  fmt::format("it may evict locks: {}, maxmemory {}", policy, bytes(memory.limit)),
                  "an evicted lock is a lost lock, and somebody else gets it", std::string{advice});
    } else {
        found.add(level::note, "evicting_if_limited",
                  fmt::format("{}, but there is no maxmemory", policy),
                  "with a limit it would evict locks", std::string{advice});
    }
}

/// What a restart loses; empty: nothing, or not known.
std::string forgotten_by_restart(const persistence_settings& kept) {
    if (kept.append_only == true) {
        return kept.append_fsync == "always"     ? ""
               : kept.append_fsync == "everysec" ? "up to the last 2 s"
               : kept.append_fsync == "no"       ? "what the system had not written yet, often 30 s"
                                                 : "perhaps the last seconds";
    }
    if (kept.append_only == false) {
        return !kept.save           ? "everything since the last snapshot, if there are any"
               : kept.save->empty() ? "everything"
                                    : "everything since the last snapshot";
    }
    return {};
}

void judge_durable(const node_health& node, node_findings& found) {
    constexpr std::string_view why =
        "after a restart it votes at once, and two clients may hold one lock";
    constexpr std::string_view advice =
        "appendonly yes and appendfsync always, or drop durable=yes from its URL";
    if (node.by_sentinel || node.cluster) {
        found.add(level::problem, "not_durable",
                  "durable=yes is claimed, but a failover forgets what the replica had not got",
                  std::string{why}, "drop durable=yes from its URL");
    } else if (!node.persistence || !node.persistence->append_only ||
               (*node.persistence->append_only && node.persistence->append_fsync.empty())) {
        found.add(level::warning, "durable_unseen",
                  "durable=yes is claimed, and whether it is true could not be seen",
                  std::string{why}, "see that it has appendonly yes and appendfsync always");
    } else if (const std::string lost = forgotten_by_restart(*node.persistence); !lost.empty()) {
        found.add(level::problem, "not_durable",
                  fmt::format("durable=yes is claimed, but a restart forgets {}", lost),
                  std::string{why}, std::string{advice});
    }
}

void judge_persistence(const node_health& node, const diagnosis_terms& terms,
                       node_findings& found) {
    if (node.persistence && node.persistence->writing_fails) {
        found.add(level::problem, "cannot_persist", "it could not write its data to the disk",
                  "it refuses writes then, unless told otherwise, and gives no vote",
                  "look into the server's log; often the disk is full");
    }
    if (node.durable) {
        judge_durable(node, found);
        return;
    }
    const std::string lost =
        node.persistence ? forgotten_by_restart(*node.persistence) : std::string{};
    if (lost.empty()) {
        return;
    }
    if (terms.guarded) {
        found.add(level::note, "restart", fmt::format("a restart forgets {}", lost),
                  fmt::format("it has no vote for {} afterwards, and the others decide",
                              shown_time(terms.quarantine)));
    } else {
        found.add(level::warning, "restart", fmt::format("a restart forgets {}", lost),
                  "the restart guard is off: it votes again at once, and two clients may hold one "
                  "lock",
                  "appendonly yes and appendfsync always; or three nodes and more, which have the "
                  "guard");
    }
}

void judge_failover(const node_health& node, const diagnosis_terms& terms, node_findings& found) {
    const replication_settings& replication = *node.replication;
    if (!replication.min_to_write || !replication.max_lag) {
        return;
    }
    if (replication.replicas != 1 || *replication.min_to_write < 1 || *replication.max_lag == 0s) {
        found.add(level::warning, "failover",
                  fmt::format("{}, min-replicas-to-write {}, min-replicas-max-lag {}",
                              counted_replicas(replication.replicas), *replication.min_to_write,
                              replication.max_lag->count()),
                  "while a failover is under way the old master may still grant locks that the new "
                  "one does not know",
                  "one replica, min-replicas-to-write 1, min-replicas-max-lag 2");
        return;
    }
    const auto needed = *replication.max_lag + 1s;
    // The quarantine has one second for a clock that is set; the rest may be for failovers.
    if (terms.clock_step < needed + 1s) {
        found.add(level::warning, "failover",
                  fmt::format("the old master may go on granting for {} after a failover",
                              shown_time(needed)),
                  "the quarantine of the new one does not allow for that",
                  fmt::format("manager_options::clock_step of {} in all clients, or a smaller "
                              "min-replicas-max-lag",
                              shown_time(needed + 1s)));
    }
}

void judge_replication(const node_health& node, const diagnosis_terms& terms,
                       node_findings& found) {
    if (!node.replication || node.role == server_role::replica) {
        return;
    }
    const replication_settings& replication = *node.replication;
    if (replication.min_to_write.value_or(0) > replication.replicas) {
        found.add(level::problem, "too_few_replicas",
                  fmt::format("it has {} and wants {} (min-replicas-to-write)",
                              counted_replicas(replication.replicas), *replication.min_to_write),
                  "it refuses all writes, so it gives no vote", "bring the replicas back");
    }
    if (node.by_sentinel) {
        judge_failover(node, terms, found);
    } else if (replication.replicas > 0 && !node.cluster) {
        found.add(level::note, "replicas", "it has " + counted_replicas(replication.replicas),
                  "if one is promoted in its place, locks that it had not got yet are forgotten",
                  "promote none, or let Sentinels do it and name them in the URL");
    }
    if (node.cluster) {
        found.add(level::note, "cluster", "it is a Redis Cluster: one of its servers was examined",
                  "a failover inside it may forget locks", "see docs/cluster.md");
    }
}

/// What is said already where the node tells it of itself.
std::string_view code_of_refused_writes(const node_health& node) {
    if (node.vote_error == node_errc::out_of_memory) {
        return "memory_full";
    }
    if (node.vote_error == node_errc::cannot_persist) {
        return node.vote_message.find("NOREPLICAS") == std::string::npos ? "cannot_persist"
                                                                         : "too_few_replicas";
    }
    return node.vote_error == node_errc::read_only ? "replica" : "";
}

void judge_refused_writes(const node_health& node, std::string_view code, node_findings& found) {
    if (std::ranges::find(found.all(), code, &finding::code) == found.all().end()) {
        found.add(level::problem, code,
                  fmt::format("{}: {}", node.vote_error.message(), node.vote_message),
                  "it refuses all writes, so it gives no vote",
                  code == "memory_full"
                      ? "give it more (CONFIG SET maxmemory), or delete what is not needed"
                      : "mend what the server's own words name");
    }
}

void judge_vote(const node_health& node, node_findings& found) {
    if (!node.vote_error || node.role == server_role::replica || node.loading == true) {
        return;
    }
    if (node.vote_error == node_errc::slot_unserved && !node.cluster) {
        found.add(level::problem, "no_vote",
                  fmt::format("{}: {}", node.vote_error.message(), node.vote_message),
                  "it is a server of a Redis Cluster, and serves some of the keys at most",
                  "name the cluster, by redis+cluster://; see docs/cluster.md");
    } else if (const std::string_view code = code_of_refused_writes(node); !code.empty()) {
        judge_refused_writes(node, code, found);
    } else if (node.vote_error == node_errc::quarantined) {
        found.add(level::warning, "quarantine", node.vote_message,
                  "it may have forgotten locks that are still held");
    } else if (node.vote_error == node_errc::different_nodes) {
        found.add(level::problem, "different_nodes", node.vote_message,
                  "majorities of different numbers of nodes need not share a node, so all "
                  "acquisitions fail",
                  "name the same nodes in all clients");
    } else if (node.vote_error == node_errc::configuration_mismatch) {
        found.add(level::problem, "configuration", node.vote_message,
                  "locks of clients with other settings need not exclude ours, so it has no vote "
                  "for us");
    } else if (node.vote_error == node_errc::several_servers) {
        found.add(level::problem, "several_servers", node.vote_message,
                  "a lock that one of them has granted is free at the others, so it gives no vote",
                  "name each server by a URL of its own, or one that leads to one of them only");
    } else if (std::ranges::none_of(node.missing, &missing_right::essential)) {
        found.add(level::problem, "no_vote",
                  fmt::format("{}: {}", node.vote_error.message(), node.vote_message),
                  "whether it may have forgotten locks cannot be told");
    }
}

void judge_fence(const node_health& node, node_findings& found) {
    if (!node.fence_message.empty()) {
        found.add(level::problem, "fence_ahead", node.fence_message,
                  "it gives no vote for this resource");
    }
    if (!node.key_message.empty()) {
        found.add(level::problem, "wrong_type", node.key_message,
                  "it gives no vote for this resource");
    }
}

void judge_unseen(const node_health& node, node_findings& found) {
    for (const unseen_fact& each : node.unseen) {
        found.add(level::note, "unseen",
                  fmt::format("{} could not be seen: {}", each.what, each.why), {},
                  each.rule.empty() ? std::string{}
                                    : fmt::format("ACL SETUSER {} {}", node.user, each.rule));
    }
}

}  // namespace

void node_findings::add(finding_level level, std::string_view code, std::string what,
                        std::string why, std::string advice) {
    all_.push_back(
        {level, std::string{code}, node_, std::move(what), std::move(why), std::move(advice)});
}

void judge_node(const node_health& node, const diagnosis_terms& terms, node_findings& found) {
    judge_reach(node, found);
    judge_server(node, terms, found);
    judge_rights(node, found);
    judge_abilities(node, found);
    judge_memory(node, found);
    if (node.role != server_role::replica) {
        judge_persistence(node, terms, found);
    }
    judge_replication(node, terms, found);
    judge_vote(node, found);
    judge_fence(node, found);
    judge_unseen(node, found);
}

std::string summary_of(const node_health& node) {
    std::string text = node.server.empty() ? std::string{"a server that does not tell what it is"}
                                           : fmt::format("{} {}", node.server, node.version);
    if (node.role) {
        text += *node.role == server_role::master    ? ", master"
                : *node.role == server_role::replica ? ", replica"
                                                     : "";
    }
    if (node.round_trip) {
        text += fmt::format(", {} (p99 {})", shown_time(node.round_trip->median),
                            shown_time(node.round_trip->p99));
    }
    if (node.clock && std::chrono::abs(node.clock->ahead) <= std::max(node.clock->error, 1000us)) {
        text += ", clock agrees";
    } else if (node.clock) {
        text += fmt::format(", clock {}{}", node.clock->ahead < 0us ? "-" : "+",
                            shown_time(std::chrono::abs(node.clock->ahead)));
    }
    return text;
}

std::string shown_time(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds >= 1) {
        return fmt::format("{:.1f} s", seconds);
    }
    const double milliseconds = seconds * 1000;
    return milliseconds >= 10 ? fmt::format("{:.0f} ms", milliseconds)
                              : fmt::format("{:.2f} ms", milliseconds);
}

}  // namespace redlock::doctor
