// The families are filled by hand and not through a registry: each scrape has its own nodes and
// locks, and what is gone must not be shown again.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "cli/base/escape.hpp"
#include "cli/exporter/sighting.hpp"

namespace redlock::cli {

namespace {

using labels = std::vector<std::pair<std::string, std::string>>;

template <class Duration>
double seconds(Duration length) {
    return std::chrono::duration<double>{length}.count();
}

/// The families in the order in which they are first filled.
class page {
  public:
    void gauge(std::string_view name, std::string_view help, const labels& those, double value) {
        metric(name, help, prometheus::MetricType::Gauge, those).gauge.value = value;
    }
    void counter(std::string_view name, std::string_view help, const labels& those, double value) {
        metric(name, help, prometheus::MetricType::Counter, those).counter.value = value;
    }
    [[nodiscard]] std::string text() const {
        return prometheus::TextSerializer{}.Serialize(families_);
    }

  private:
    prometheus::ClientMetric& metric(std::string_view name, std::string_view help,
                                     prometheus::MetricType type, const labels& those) {
        auto family = std::ranges::find(families_, name, &prometheus::MetricFamily::name);
        if (family == families_.end()) {
            families_.push_back({std::string{name}, std::string{help}, type, {}});
            family = std::prev(families_.end());
        }
        auto& added = family->metric.emplace_back();
        for (const auto& [label, value] : those) {
            // Prometheus refuses a whole page for one byte that is not UTF-8.
            added.label.push_back({label, json_text(value)});
        }
        return added;
    }

    std::vector<prometheus::MetricFamily> families_;
};

std::string_view name_of(server_role role) {
    switch (role) {
        case server_role::master:
            return "master";
        case server_role::replica:
            return "replica";
        case server_role::other:
            break;
    }
    return "other";
}

bool answers(const node_health& node) {
    return node.round_trip.has_value() || !node.error;
}

void put_server(page& out, const node_health& node, const labels& those) {
    labels facts = those;
    facts.emplace_back("server", node.server);
    facts.emplace_back("version", node.version);
    facts.emplace_back("role", node.role ? name_of(*node.role) : "unknown");
    out.gauge("redlock_node_info", "What the node is; always 1.", facts, 1);
    if (node.uptime) {
        out.gauge("redlock_node_uptime_seconds", "Since the server was started.", those,
                  seconds(*node.uptime));
    }
    if (node.memory) {
        out.gauge("redlock_node_memory_used_bytes", "Memory that the server uses.", those,
                  static_cast<double>(node.memory->used));
        out.gauge("redlock_node_memory_limit_bytes", "The server's maxmemory; 0 without a limit.",
                  those, static_cast<double>(node.memory->limit));
        const bool evicts = node.memory->limit != 0 && node.memory->policy != "noeviction";
        out.gauge("redlock_node_may_evict",
                  "1 if the server deletes keys, and so locks, when its memory is full.", those,
                  evicts ? 1 : 0);
        if (node.memory->evicted) {
            out.counter("redlock_node_evicted_keys_total", "Keys that the server has evicted.",
                        those, static_cast<double>(*node.memory->evicted));
        }
    }
}

void put_node(page& out, const node_health& node) {
    const labels those{{"node", node.name}};
    out.gauge("redlock_node_up", "1 if the node answered in the latest survey.", those,
              answers(node) ? 1 : 0);
    out.gauge("redlock_node_votes", "1 if the node gives votes for locks.", those,
              answers(node) && !node.vote_error && !node.error ? 1 : 0);
    out.gauge("redlock_node_quarantine_seconds",
              "How long the node still waits before it votes, after a restart; 0 if it does not.",
              those, node.quarantine ? seconds(*node.quarantine) : 0);
    if (node.round_trip) {
        out.gauge("redlock_node_round_trip_seconds", "Median time from a command to its reply.",
                  those, seconds(node.round_trip->median));
    }
    if (node.clock) {
        out.gauge("redlock_node_clock_offset_seconds",
                  "How far the node's clock is ahead of the exporter's.", those,
                  seconds(node.clock->ahead));
        out.gauge("redlock_node_clock_error_seconds", "How far that may be wrong, either way.",
                  those, seconds(node.clock->error));
    }
    if (answers(node)) {
        put_server(out, node, those);
    }
}

void put_findings(page& out, const sighting& seen) {
    for (const finding& each : seen.findings) {
        if (each.level < finding_level::warning) {
            continue;
        }
        out.gauge("redlock_finding",
                  "1 for each problem and warning of redlock doctor, by its code.",
                  {{"node", each.node ? seen.nodes[*each.node].name : "all"},
                   {"level", std::string{to_string(each.level)}},
                   {"code", each.code}},
                  1);
    }
}

void put_lock(page& out, const std::string& pattern, const resource_status& lock) {
    labels those{{"pattern", pattern}, {"resource", lock.resource.str()}};
    if (lock.slot) {
        those.emplace_back("slot", std::to_string(*lock.slot));
    }
    const bool held = lock.verdict == lock_verdict::held;
    out.gauge("redlock_lock_held", "1 if a client holds the lock; 0 if that is split or unknown.",
              those, held ? 1 : 0);
    if (!held) {
        return;
    }
    labels who = those;
    who.emplace_back("mode", to_string(lock.mode.value_or(lock_mode::exclusive)));
    who.emplace_back("label", lock.label);
    out.gauge("redlock_lock_holder_info", "Who holds the lock; always 1.", who, 1);
    if (lock.remaining) {
        out.gauge("redlock_lock_remaining_seconds",
                  "Until the holder's lease ends, unless it is extended.", those,
                  seconds(*lock.remaining));
    }
    if (lock.fencing) {
        out.gauge("redlock_lock_fencing_token", "The holder's fencing token.", those,
                  static_cast<double>(lock.fencing.value()));
    }
    if (lock.reader_count != 0) {
        out.gauge("redlock_lock_readers", "How many clients share the lock.", those,
                  static_cast<double>(lock.reader_count));
    }
}

void put_pattern(page& out, const watched_pattern& watched) {
    const labels those{{"pattern", watched.pattern}};
    out.gauge("redlock_pattern_failed", "1 if the locks of the pattern could not be looked for.",
              those, watched.failed ? 1 : 0);
    if (watched.failed) {
        return;
    }
    for (const auto verdict : {lock_verdict::held, lock_verdict::split, lock_verdict::unknown}) {
        labels counted = those;
        counted.emplace_back("verdict", to_string(verdict));
        out.gauge("redlock_pattern_locks", "Locks of the pattern that are shown, by their state.",
                  counted,
                  static_cast<double>(
                      std::ranges::count(watched.locks, verdict, &resource_status::verdict)));
    }
    out.gauge("redlock_pattern_left_out",
              "Names that match the pattern and were not looked at, being too many.", those,
              static_cast<double>(watched.left_out));
    for (const resource_status& lock : watched.locks) {
        put_lock(out, watched.pattern, lock);
    }
}

void put_all(page& out, const sighting& seen) {
    out.gauge("redlock_survey_timestamp_seconds", "When the latest survey ended.", {},
              seconds(seen.at.time_since_epoch()));
    out.gauge("redlock_survey_seconds", "How long the latest survey took.", {}, seconds(seen.took));
    const std::size_t all = seen.nodes.size();
    const std::size_t quorum = all / 2 + 1;
    out.gauge("redlock_nodes", "Nodes that are configured.", {}, static_cast<double>(all));
    out.gauge("redlock_quorum", "Nodes whose votes a lock needs.", {}, static_cast<double>(quorum));
    out.gauge("redlock_nodes_usable", "Nodes that give votes.", {},
              static_cast<double>(usable_nodes(seen.nodes)));
    std::ranges::for_each(seen.nodes, [&](const node_health& each) { put_node(out, each); });
    put_findings(out, seen);
    std::ranges::for_each(seen.patterns,
                          [&](const watched_pattern& each) { put_pattern(out, each); });
}

}  // namespace

std::string exposition(const exporter_state& state) {
    page out;
    out.counter("redlock_surveys_total", "How often the exporter has asked the nodes.", {},
                static_cast<double>(state.surveys));
    if (state.latest) {
        put_all(out, *state.latest);
    }
    return out.text();
}

}  // namespace redlock::cli
