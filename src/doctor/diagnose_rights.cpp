// What a client may not do on one node, and what it may do only in part; see diagnose_node.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "doctor/diagnose_node.hpp"

namespace redlock::doctor {

namespace {

using level = finding_level;

std::string joined(const std::vector<missing_right>& rights, std::string missing_right::*part,
                   std::string_view separator) {
    std::vector<std::string> parts;
    for (const missing_right& each : rights) {
        const std::string& here = each.*part;
        if (!here.empty() && std::find(parts.begin(), parts.end(), here) == parts.end()) {
            parts.push_back(here);
        }
    }
    return fmt::format("{}", fmt::join(parts, separator));
}

struct remedy {
    std::string what;
    std::string advice;
};

remedy remedy_for(withheld_by by, const node_health& node,
                  const std::vector<missing_right>& rights) {
    const std::string names = joined(rights, &missing_right::what, ", ");
    const std::string rules = joined(rights, &missing_right::rule, " ");
    const std::string answers = joined(rights, &missing_right::answer, "; ");
    const std::string in_words = answers.empty() ? "" : fmt::format(" ({})", answers);
    switch (by) {
        case withheld_by::acl:
            return {fmt::format("the user {} may not use {}", node.user, names),
                    fmt::format("ACL SETUSER {} {}{}", node.user, rules,
                                rules.find("~redlock:*") == std::string::npos
                                    ? ""
                                    : ", or set key_prefix (--key-prefix) to what the user's "
                                      "patterns begin with")};
        case withheld_by::server:
            return {fmt::format("the server does not know {}", names),
                    "undo its rename-command, or use a server or proxy that passes it; no ACL rule "
                    "helps"};
        case withheld_by::proxy:
            return {fmt::format("something before the server refuses {}{}", names, in_words),
                    "the server itself knows it: let the proxy pass it, or connect to the server"};
        case withheld_by::hang_up:
            return {fmt::format("the connection is closed upon {}", names),
                    "a proxy that does not know it may do that: let it pass, or connect to the "
                    "server"};
        case withheld_by::silence:
            return {fmt::format("nothing answers to {}, and more was not asked", names),
                    "a proxy that does not know it may do that: let it pass, or connect to the "
                    "server"};
        case withheld_by::refusal:
            return {fmt::format("the server or something before it refuses {}{}", names, in_words),
                    "let the server and each proxy on the way pass it, or connect to the server"};
    }
    return {};
}

}  // namespace

void judge_rights(const node_health& node, node_findings& found) {
    if (node.server == "Redis Sentinel") {
        found.add(level::problem, "sentinel", "it is a Sentinel, which keeps no keys",
                  "it gives no vote",
                  "name the master that it watches: redis+sentinel://HOST:PORT/MASTER");
        return;
    }
    for (const bool essential : {true, false}) {
        for (const withheld_by by :
             {withheld_by::acl, withheld_by::server, withheld_by::proxy, withheld_by::hang_up,
              withheld_by::refusal, withheld_by::silence}) {
            std::vector<missing_right> these;
            std::ranges::copy_if(node.missing, std::back_inserter(these),
                                 [=](const missing_right& each) {
                                     return each.essential == essential && each.by == by;
                                 });
            if (these.empty()) {
                continue;
            }
            std::string why = "needed for " + joined(these, &missing_right::needed_for, " and ");
            why += essential ? "; without it the node gives no vote" : "";
            auto [what, advice] = remedy_for(by, node, these);
            found.add(essential ? level::problem : level::warning,
                      by == withheld_by::acl ? "missing_right" : "missing_command", std::move(what),
                      std::move(why), std::move(advice));
        }
    }
}

void judge_abilities(const node_health& node, node_findings& found) {
    if (node.runs_scripts == false && node.loading != true) {
        found.add(level::problem, "scripts",
                  fmt::format("it does not run scripts: {}", node.scripts_message),
                  "all votes are given by scripts", "allow EVAL and EVALSHA");
    }
    // Where several servers answer, that one of them cannot tell of the other's keys is no news.
    const bool explained =
        node.vote_error == node_errc::several_servers ||
        std::any_of(node.missing.begin(), node.missing.end(), [](const missing_right& each) {
            return each.what.starts_with("client|") || each.what == "subscribe" ||
                   each.rule.starts_with('&');
        });
    if (node.tracks_keys == false && !explained) {
        found.add(level::warning, "tracking",
                  fmt::format("it does not tell of changed keys: {}", node.tracking_message),
                  "who waits for a lock has to ask again and again",
                  "let CLIENT TRACKING, CLIENT ID and SUBSCRIBE to __redis__:invalidate through");
    }
}

}  // namespace redlock::doctor
