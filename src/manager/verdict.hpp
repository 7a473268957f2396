// What the nodes' views of a resource amount to together. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/node_set.hpp"
#include "redlock/status.hpp"

namespace redlock::manager {

/// Held or free only if a quorum says so; unknown if the silent nodes could make it either; else
/// split. Readers hold it if one of them is on a quorum. A node may have readers that it does not
/// list. If the lock key is theirs on a quorum, and the nodes' lists do not show that none of them
/// is on one, they hold it too: nobody else can.
[[nodiscard]] resource_status judge(resource_name resource, std::vector<node_status> nodes);

/// Where one token stands.
struct token_hold {
    core::node_set granted;
    core::node_set silent;
    /// Whether a quorum has it, and whether one may if the silent nodes do.
    bool has_quorum = false;
    bool may_have_quorum = false;
    /// When so many of its leases have ended that no quorum is left, counted from the asking; empty
    /// if never. Only with a quorum.
    std::optional<std::chrono::milliseconds> remaining;
    /// Shared as soon as one node has it among its readers: one that became a reader is none on the
    /// nodes that have not heard of it yet.
    lock_mode mode = lock_mode::exclusive;
    fencing_token fencing;
    std::string label;
    /// The latest edition that any of its nodes has.
    std::string proclaimed;
    std::uint64_t edition = 0;
};

[[nodiscard]] token_hold find_token(const lock_token& token, const std::vector<node_status>& nodes);

/// The views of a lock of several names as those of one lock: a node has it if it has the token
/// under all of them, until the first of these leases ends. `of_each`: one entry a name.
[[nodiscard]] std::vector<node_status> together(
    const lock_token& token, const std::vector<std::vector<node_status>>& of_each);

}  // namespace redlock::manager
