// What the nodes say of a resource, each by itself and all together. Three honest answers instead
// of a boolean: when too few nodes answer, the truth is unknown.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/types.hpp"

namespace redlock {

/// One node's view. If `error` is set the node did not answer and the rest means nothing.
struct node_status {
    node_index node = 0;
    std::string name;  ///< The endpoint, without secrets.
    error_code error;
    std::string message;  ///< For people: why it did not answer.
    lock_token holder;    ///< Empty: free on this node.
    /// What is left of the lease on this node; empty if the node holds no lock, or one that another
    /// program set without an expiry.
    std::optional<std::chrono::milliseconds> remaining;
    fencing_token fence;  ///< The largest fencing token this node has seen for the resource.
    /// Set if that is further ahead of the node's clock than `clock_window`, so that the node gives
    /// no vote for the resource until the fence expires: how far. `fence_message` says for people
    /// what to do about it.
    std::optional<std::chrono::milliseconds> fence_ahead;
    std::string fence_message;
    /// Set if a key of the resource holds something that no lock can be: which, and what to do, for
    /// people. If it is the lock's own, `holder` is no token but says so.
    std::string key_message;
    fencing_token fencing;  ///< The holder's own fencing token; zero if another library holds it.
    std::string label;
    /// Set while the node has no vote in acquisitions, whatever it answers: for example
    /// `node_errc::quarantined`. `vote_message` says why, and for how long, for people.
    error_code vote_error;
    std::string vote_message;
    /// What remains of its quarantine.
    std::optional<std::chrono::milliseconds> quarantine;
};

enum class lock_verdict {
    held,   ///< One token on a quorum of nodes.
    free,   ///< Free on a quorum of nodes.
    split,  ///< A quorum answered, but neither of the two: an acquisition or release is under way.
    unknown,  ///< Too few nodes answered.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(lock_verdict verdict) noexcept;

/// All nodes' views and what follows from them.
struct resource_status {
    resource_name resource;
    lock_verdict verdict = lock_verdict::unknown;
    lock_token holder;      ///< Set when held.
    fencing_token fencing;  ///< The holder's, when held and known.
    std::string label;
    /// When held: how long at the longest until a quorum has forgotten this holder, unless
    /// extended.
    std::optional<std::chrono::milliseconds> remaining;
    std::vector<node_status> nodes;
    /// For people: which argument cannot be used and why, after `errc::invalid_argument`.
    std::string message;

    /// The holder with all that is known of it; nothing unless held.
    [[nodiscard]] std::optional<lock_holder> held_by() const {
        if (verdict != lock_verdict::held) {
            return std::nullopt;
        }
        return lock_holder{
            .token = holder, .fencing = fencing, .label = label, .remaining = remaining};
    }
};

}  // namespace redlock
