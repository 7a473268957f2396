// The verdict on all nodes together; what concerns one of them alone is in diagnose_node.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/quarantine.hpp"
#include "core/quorum.hpp"
#include "core/validity.hpp"
#include "doctor/diagnose_node.hpp"
#include "driver/greeting.hpp"
#include "redlock/health.hpp"

namespace redlock {

namespace {

using doctor::node_findings;
using doctor::shown_time;
using std::chrono::microseconds;
using level = finding_level;

/// The node before this one that is the same server.
std::optional<node_index> twin_before(const std::vector<node_health>& nodes, node_index node) {
    for (node_index earlier = 0; earlier < node; ++earlier) {
        if (!nodes[node].run_id.empty() && nodes[earlier].run_id == nodes[node].run_id) {
            return earlier;
        }
    }
    return std::nullopt;
}

/// Whether it is one: then all else has been said of the first.
bool judge_twin(const std::vector<node_health>& nodes, node_findings& found, node_index node) {
    const auto twin = twin_before(nodes, node);
    if (twin) {
        found.add(level::problem, "same_server",
                  fmt::format("it is the same server as node {} ({})", *twin, nodes[*twin].name),
                  "its vote would count twice, so all acquisitions fail", "list each server once");
    }
    return twin.has_value();
}

/// Where the nodes' clocks stand, ahead of ours: the middle one. With an even number of them ours
/// has a say, so that of two the one is taken for wrong that is further from it.
std::optional<microseconds> clock_of_all(const std::vector<node_health>& nodes) {
    std::vector<microseconds> ahead;
    for (node_index node = 0; node < nodes.size(); ++node) {
        if (nodes[node].clock && !twin_before(nodes, node)) {
            ahead.push_back(nodes[node].clock->ahead);
        }
    }
    if (ahead.empty()) {
        return std::nullopt;
    }
    if (ahead.size() % 2 == 0) {
        ahead.emplace_back(0);
    }
    std::sort(ahead.begin(), ahead.end());
    return ahead[ahead.size() / 2];
}

// A wrong clock is set right one day, most often in one step. Redis ends leases by that clock: a
// step forward ends all of them early. Validity allows for as much as `clock_step`, but of a short
// lease only for a part of it. So a difference larger than that is a step still to come.
void judge_clock(const node_health& node, microseconds reference, const manager_options& options,
                 node_findings& found) {
    if (!node.clock) {
        return;
    }
    const microseconds apart = node.clock->ahead - reference;
    const microseconds surely = std::chrono::abs(apart) - node.clock->error;
    const std::string what =
        fmt::format("its clock is {} {} the others'", shown_time(std::chrono::abs(apart)),
                    apart < microseconds{0} ? "behind" : "ahead of");
    const std::string advice = "let chrony or ntpd steer it slowly";
    if (surely > options.clock_window) {
        found.add(
            level::problem, "clock", what,
            fmt::format("it refuses fencing tokens further than {} from its clock, so it gives "
                        "no vote",
                        shown_time(options.clock_window)),
            advice);
        return;
    }
    const core::duration allowed = core::step_of(options.lease_time, options.clock_step);
    const std::string limits =
        fmt::format("leases of {} allow for steps of {} (clock_step, a tenth of the lease at most)",
                    shown_time(options.lease_time), shown_time(allowed));
    if (surely > allowed) {
        found.add(level::problem, "clock", what,
                  "the day it is set right, leases end early, and two clients may hold one lock; " +
                      limits,
                  advice);
    } else if (surely > core::drift_of(options.lease_time)) {
        found.add(level::note, "clock", what,
                  "the day it is set right, leases end early, which locks allow for; " + limits,
                  advice);
    }
}

finding of_all(finding_level how_bad, std::string code, std::string what, std::string why,
               std::string advice) {
    return {how_bad,         std::move(code), std::nullopt,
            std::move(what), std::move(why),  std::move(advice)};
}

void judge_own_clock(const std::vector<node_health>& nodes, microseconds reference,
                     const manager_options& options, std::vector<finding>& found) {
    microseconds error{0};
    for (const node_health& node : nodes) {
        error = std::max(error, node.clock ? node.clock->error : error);
    }
    if (std::chrono::abs(reference) - error <= options.clock_step) {
        return;
    }
    found.push_back(
        of_all(level::warning, "client_clock",
               fmt::format("this machine's clock is {} {} the nodes'",
                           shown_time(std::chrono::abs(reference)),
                           reference > microseconds{0} ? "behind" : "ahead of"),
               std::chrono::abs(reference) > options.clock_window
                   ? "the nodes refuse its fencing tokens until it has learned from them"
                   : "its place in the line is that of another time",
               "let chrony or ntpd steer it"));
}

void judge_number(const std::vector<node_health>& nodes, std::vector<finding>& found) {
    const std::size_t all = nodes.size();
    if (all == 0) {
        return;
    }
    const std::size_t quorum = core::quorum_of(all);
    const std::size_t usable = usable_nodes(nodes);
    const std::size_t for_resource = usable_for_resource(nodes);
    if (usable < quorum) {
        found.push_back(
            of_all(level::problem, "no_quorum",
                   fmt::format("{} of {} nodes give votes; a lock needs {}", usable, all, quorum),
                   "no lock can be had", ""));
    } else if (for_resource < quorum) {
        found.push_back(of_all(level::problem, "no_quorum",
                               fmt::format("{} of {} nodes give votes for this resource; a lock "
                                           "needs {}",
                                           for_resource, all, quorum),
                               "no lock of this resource can be had", ""));
    }
    if (all == 1) {
        found.push_back(of_all(level::note, "one_node", "there is one node",
                               "while it is down no lock can be had, and what a restart forgets is "
                               "lost",
                               "three nodes on different machines"));
    } else if (all % 2 == 0) {
        found.push_back(
            of_all(level::note, "even_nodes", fmt::format("there are {} nodes", all),
                   fmt::format("{} of them may fail, no more than of {}", all - quorum, all - 1),
                   "an odd number of nodes"));
    }
}

bool takes_writes(const node_health& node) {
    const bool full = node.memory && node.memory->policy == "noeviction" &&
                      node.memory->limit > 0 && node.memory->used >= node.memory->limit;
    const bool too_few_replicas =
        node.replication && node.replication->min_to_write.value_or(0) > node.replication->replicas;
    return node.role != server_role::replica && node.loading != true && !full && !too_few_replicas;
}

template <class Also>
std::size_t count_usable(const std::vector<node_health>& nodes, Also also) {
    std::size_t count = 0;
    for (node_index node = 0; node < nodes.size(); ++node) {
        const node_health& seen = nodes[node];
        const bool may = std::ranges::none_of(seen.missing, &missing_right::essential);
        const bool usable = !seen.error && !seen.vote_error && may && takes_writes(seen) &&
                            seen.runs_scripts != false && !twin_before(nodes, node) && also(seen);
        count += usable ? 1 : 0;
    }
    return count;
}

bool is_well(const node_findings& found) {
    return std::all_of(found.all().begin(), found.all().end(),
                       [](const finding& each) { return each.level < level::warning; });
}

}  // namespace

std::size_t usable_nodes(const std::vector<node_health>& nodes) {
    return count_usable(nodes, [](const node_health&) { return true; });
}

std::size_t usable_for_resource(const std::vector<node_health>& nodes) {
    return count_usable(nodes, [](const node_health& seen) {
        return seen.fence_message.empty() && seen.key_message.empty();
    });
}

std::vector<finding> diagnose(const std::vector<node_health>& nodes,
                              const manager_options& options) {
    const doctor::diagnosis_terms terms{
        .guarded = driver::is_guarded(options, nodes.size()),
        .quarantine = driver::guard_terms::of(options, nodes.size()).quarantine(),
        .clock_step = options.clock_step,
        .node_timeout = options.node_timeout,
    };
    const auto reference = clock_of_all(nodes);
    std::vector<finding> all;
    for (node_index node = 0; node < nodes.size(); ++node) {
        node_findings found{node};
        if (!judge_twin(nodes, found, node)) {
            doctor::judge_node(nodes[node], terms, found);
            if (reference) {
                judge_clock(nodes[node], *reference, options, found);
            }
        }
        if (is_well(found)) {
            all.push_back({level::ok, "ok", node, doctor::summary_of(nodes[node]), {}, {}});
        }
        all.insert(all.end(), found.all().begin(), found.all().end());
    }
    if (reference) {
        judge_own_clock(nodes, *reference, options, all);
    }
    judge_number(nodes, all);
    return all;
}

}  // namespace redlock
