#include "cli/output/doctor_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/base/message.hpp"
#include "cli/output/json_output.hpp"

namespace redlock::cli {

namespace {

namespace json = boost::json;

std::size_t count(const diagnosis& found, finding_level level) {
    const auto number = std::ranges::count(found.findings, level, &finding::level);
    return static_cast<std::size_t>(number);
}

std::string subject_of(const finding& each, const std::vector<node_health>& nodes) {
    if (!each.node) {
        return "all nodes";
    }
    const std::string name = *each.node < nodes.size() ? " " + nodes[*each.node].name : "";
    return fmt::format("node {}{}", *each.node, printable(name));
}

std::string counted(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(json_text(text));
}

double in_milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

std::string_view name_of(server_role role) {
    return role == server_role::master    ? "master"
           : role == server_role::replica ? "replica"
                                          : "other";
}

void add_measures(json::object& out, const node_health& node) {
    out["round_trip_ms"] = nullptr;
    if (node.round_trip) {
        out["round_trip_ms"] = json::object{{"median", in_milliseconds(node.round_trip->median)},
                                            {"p99", in_milliseconds(node.round_trip->p99)},
                                            {"samples", node.round_trip->samples}};
    }
    out["clock_ms"] = nullptr;
    if (node.clock) {
        out["clock_ms"] = json::object{{"ahead", in_milliseconds(node.clock->ahead)},
                                       {"error", in_milliseconds(node.clock->error)}};
    }
}

void add_settings(json::object& out, const node_health& node) {
    out["memory"] = nullptr;
    if (node.memory) {
        out["memory"] = json::object{{"limit", node.memory->limit},
                                     {"used", node.memory->used},
                                     {"policy", text_or_null(node.memory->policy)}};
    }
    out["persistence"] = nullptr;
    if (node.persistence) {
        const persistence_settings& kept = *node.persistence;
        json::object settings;
        settings["append_only"] =
            kept.append_only ? json::value(*kept.append_only) : json::value(nullptr);
        settings["append_fsync"] = text_or_null(kept.append_fsync);
        settings["save"] = kept.save ? json::value(json_text(*kept.save)) : json::value(nullptr);
        out["persistence"] = std::move(settings);
    }
    out["replicas"] = nullptr;
    if (node.replication) {
        out["replicas"] = node.replication->replicas;
    }
}

json::object node_to_json(const node_health& node) {
    json::object out;
    out["node"] = node.node;
    set_text(out, "name", node.name);
    out["reachable"] = !node.error;
    out["error"] = node.error
                       ? text_or_null(node.message.empty() ? node.error.message() : node.message)
                       : json::value(nullptr);
    out["server"] = text_or_null(node.server);
    out["version"] = text_or_null(node.version);
    out["role"] = node.role ? json::value(name_of(*node.role)) : json::value(nullptr);
    out["uptime_s"] = node.uptime ? json::value(node.uptime->count()) : json::value(nullptr);
    out["user"] = text_or_null(node.user);
    add_measures(out, node);
    add_settings(out, node);
    out["tracks_keys"] = node.tracks_keys ? json::value(*node.tracks_keys) : json::value(nullptr);
    out["votes"] = !node.vote_error && !node.error;
    out["quarantine_ms"] = milliseconds_or_null(node.quarantine);
    out["missing"] = array_of(node.missing, [](const missing_right& each) {
        return json::object{{"what", json_text(each.what)},
                            {"rule", text_or_null(each.rule)},
                            {"withheld_by", to_string(each.by)},
                            {"essential", each.essential}};
    });
    return out;
}

std::string coloured(finding_level level, std::string_view text) {
    switch (level) {
        case finding_level::ok:
            return fmt::format("\x1b[32m{}\x1b[m", text);
        case finding_level::note:
            return std::string{text};
        case finding_level::warning:
            return in_colour(severity::warning, text);
        case finding_level::problem:
            return in_colour(severity::error, text);
    }
    return std::string{text};
}

json::object finding_to_json(const finding& each) {
    json::object out;
    out["level"] = to_string(each.level);
    out["code"] = each.code;
    out["node"] = each.node ? json::value(*each.node) : json::value(nullptr);
    out["what"] = json_text(each.what);
    out["why"] = text_or_null(each.why);
    out["advice"] = text_or_null(each.advice);
    return out;
}

}  // namespace

std::string describe(const diagnosis& found, bool with_colour) {
    std::string text;
    constexpr std::string_view indent = "         ";
    for (const finding& each : found.findings) {
        const std::string level = fmt::format("{:<8}", to_string(each.level));
        text += fmt::format("{} {}: {}\n", with_colour ? coloured(each.level, level) : level,
                            subject_of(each, found.nodes), printable(each.what));
        if (!each.why.empty()) {
            text += fmt::format("{}why: {}\n", indent, printable(each.why));
        }
        if (!each.advice.empty()) {
            text += fmt::format("{}do:  {}\n", indent, printable(each.advice));
        }
    }
    text += fmt::format("{}, {}", counted(count(found, finding_level::problem), "problem"),
                        counted(count(found, finding_level::warning), "warning"));
    if (!found.nodes.empty()) {
        text += fmt::format("; {} of {} nodes give votes", usable_nodes(found.nodes),
                            found.nodes.size());
        if (const std::size_t for_it = usable_for_resource(found.nodes);
            for_it < usable_nodes(found.nodes)) {
            text += fmt::format(", {} of them for this resource", for_it);
        }
    }
    return text + "\n";
}

json::object to_json(const diagnosis& found) {
    json::object out;
    out["problems"] = count(found, finding_level::problem);
    out["warnings"] = count(found, finding_level::warning);
    out["usable_nodes"] = usable_nodes(found.nodes);
    out["usable_for_resource"] = usable_for_resource(found.nodes);
    out["findings"] = array_of(found.findings, finding_to_json);
    out["nodes"] = array_of(found.nodes, node_to_json);
    return out;
}

const finding* reason_for_no_lock(const diagnosis& found) {
    // A list that has one server twice is refused as a whole, however many nodes are well.
    const auto reason = std::ranges::find_if(found.findings, [](const finding& each) {
        return each.code == "no_quorum" || each.code == "same_server" ||
               each.code == "different_nodes" || each.code == "permits_mismatch";
    });
    return reason == found.findings.end() ? nullptr : &*reason;
}

int status_of(const diagnosis& found, bool strict) {
    if (reason_for_no_lock(found) != nullptr) {
        return exit_no_quorum;
    }
    const bool unwell = count(found, finding_level::problem) > 0 ||
                        (strict && count(found, finding_level::warning) > 0);
    return unwell ? exit_unwell : exit_ok;
}

}  // namespace redlock::cli
