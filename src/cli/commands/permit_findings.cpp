#include "cli/commands/permit_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace redlock::cli {

namespace {

/// A kind of problem with a key of a slot.
struct kind {
    std::string_view code;
    /// What a node has of that kind, for people; empty: nothing.
    std::string (*complaint)(const node_status&);
    std::string_view advice;
};

constexpr std::array<kind, 3> kinds{{
    {"fence_ahead", [](const node_status& seen) { return seen.fence_message; }, ""},
    {"wrong_type", [](const node_status& seen) { return seen.key_message; }, ""},
    {"no_expiry",
     [](const node_status& seen) {
         const bool is_lock = !seen.holder.empty() && seen.key_message.empty();
         return std::string{is_lock && !seen.remaining ? "its key never expires" : ""};
     },
     "delete the key there if no client holds the permit"},
}};

/// Nothing of a node that did not answer.
std::string complaint_of(const kind& of, const node_status& seen) {
    return seen.error ? std::string{} : of.complaint(seen);
}

std::optional<finding> judge_slot(const kind& of, const resource_status& slot) {
    std::vector<node_index> likewise;
    std::optional<finding> found;
    for (const node_status& seen : slot.nodes) {
        const std::string complaint = complaint_of(of, seen);
        if (complaint.empty()) {
            continue;
        }
        if (found) {
            likewise.push_back(seen.node);
        } else {
            found = {finding_level::problem,
                     std::string{of.code},
                     seen.node,
                     fmt::format("slot {}: {}", slot.slot.value_or(0), complaint),
                     "it gives no vote for this permit",
                     std::string{of.advice}};
        }
    }
    if (!likewise.empty()) {
        found->what += fmt::format(" (likewise on node{} {})", likewise.size() == 1 ? "" : "s",
                                   fmt::join(likewise, ", "));
    }
    return found;
}

std::size_t votes_for(const resource_status& slot, const std::vector<bool>& usable) {
    return static_cast<std::size_t>(std::ranges::count_if(slot.nodes, [&](const node_status& seen) {
        return seen.node < usable.size() && usable[seen.node] &&
               std::ranges::all_of(
                   kinds, [&](const kind& each) { return complaint_of(each, seen).empty(); });
    }));
}

void judge_votes(const semaphore_status& seen, const std::vector<node_health>& nodes,
                 std::vector<finding>& found) {
    std::vector<bool> usable;
    std::ranges::transform(nodes, std::back_inserter(usable),
                           [](const node_health& each) { return usable_nodes({each}) == 1; });
    const std::size_t quorum = nodes.size() / 2 + 1;
    std::size_t most = 0;
    for (const resource_status& slot : seen.slots) {
        most = std::max(most, votes_for(slot, usable));
    }
    if (most < quorum && usable_nodes(nodes) >= quorum) {
        found.push_back({finding_level::problem,
                         "no_quorum",
                         std::nullopt,
                         fmt::format("for each permit at most {} of {} nodes give votes; it needs "
                                     "{}",
                                     most, nodes.size(), quorum),
                         "no permit of this semaphore can be had",
                         {}});
    }
}

}  // namespace

std::vector<finding> judge_permits(const semaphore_status& seen, std::size_t asked,
                                   const std::vector<node_health>& nodes) {
    std::vector<finding> found;
    for (const resource_status& slot : seen.slots) {
        for (const kind& each : kinds) {
            if (auto problem = judge_slot(each, slot)) {
                found.push_back(std::move(*problem));
            }
        }
    }
    judge_votes(seen, nodes, found);
    if (seen.remembered_permits.value_or(asked) != asked) {
        found.push_back({finding_level::problem, "permits_mismatch", std::nullopt,
                         fmt::format("other clients use {} permits and not {}",
                                     *seen.remembered_permits, asked),
                         "clients that count to different numbers would be too many together, so "
                         "acquisitions with this number fail",
                         "give all clients the same number; to change it, stop all of them for two "
                         "minutes"});
    }
    return found;
}

}  // namespace redlock::cli
