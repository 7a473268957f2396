// The nodes' views of a resource, each by itself and all together. A verdict instead of a boolean:
// if too few nodes answer, the state is unknown.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/types.hpp"

namespace redlock {

/// One node's view. If `error` is set, the node did not answer and the other members are
/// meaningless.
struct node_status {
    node_index node = 0;
    std::string name;  ///< The endpoint, without secrets.
    error_code error;
    std::string message;  ///< For people: why it did not answer.
    lock_token holder;    ///< Empty: free on this node. `redlock:shared`: readers have it.
    std::optional<lock_mode> mode;  ///< Empty: free on this node.
    /// The rest of the lease on this node; empty if the node holds no lock, or one that another
    /// program set without an expiry.
    std::optional<std::chrono::milliseconds> remaining;
    fencing_token fence;  ///< The largest fencing token this node has seen for the resource.
    /// Set if that is further ahead of the node's clock than `clock_window`, so that the node gives
    /// no vote for the resource until the fence expires: how far. `fence_message` tells people the
    /// remedy.
    std::optional<std::chrono::milliseconds> fence_ahead;
    std::string fence_message;
    /// Set if a key of the resource has a value of a type that no lock has: the key and the remedy,
    /// for people. If it is the lock's own key, `holder` is no token but a text that says so.
    std::string key_message;
    fencing_token fencing;  ///< The holder's own fencing token; zero if another library holds it.
    std::string label;
    std::string proclaimed;  ///< What the holder has proclaimed last; see `lock::async_proclaim`.
    std::uint64_t edition = 0;  ///< How often it has proclaimed something.
    /// Those with shared locks on this node: at most 100, those whose leases last longest.
    std::vector<lock_holder> readers;
    /// How many there are; zero with `lock_mode::shared` if the node has lost its list of them.
    std::size_t reader_count = 0;
    /// Set while the node has no vote in acquisitions, whatever it answers: for example
    /// `node_errc::quarantined`. `vote_message` says why, and for how long, for people.
    error_code vote_error;
    std::string vote_message;
    /// The rest of its quarantine.
    std::optional<std::chrono::milliseconds> quarantine;
};

enum class lock_verdict {
    held,  ///< One token on a quorum of nodes; or readers on a quorum, unless the nodes' lists show
           ///< that none of them has one.
    free,  ///< Free on a quorum of nodes.
    split,    ///< A quorum answered, but neither of the two: an acquisition or release is in
              ///< progress.
    unknown,  ///< Too few nodes answered.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(lock_verdict verdict) noexcept;

/// All nodes' views and the verdict.
struct resource_status {
    resource_name resource;
    lock_verdict verdict = lock_verdict::unknown;
    std::optional<lock_mode> mode;  ///< Set when held.
    lock_token holder;              ///< Set when held; `redlock:shared`: by readers.
    fencing_token fencing;          ///< The holder's, when held and known; zero of readers.
    std::string label;              ///< Empty of readers.
    std::string proclaimed;         ///< When held: what its holder has proclaimed last.
    std::uint64_t edition = 0;      ///< When held: how often it has proclaimed something.
    /// When held: the longest time until this holder's leases have ended on a quorum, unless
    /// extended. Of readers, until the last of them is gone.
    std::optional<std::chrono::milliseconds> remaining;
    /// When held by readers: those that a quorum lists; whose leases last longest comes first.
    std::vector<lock_holder> readers;
    /// How many readers there are: more than `readers` has where nodes have more than they list;
    /// zero if it is held by readers that no node can list.
    std::size_t reader_count = 0;
    std::vector<node_status> nodes;
    /// For people: the argument that cannot be used and the reason, after `errc::invalid_argument`.
    std::string message;
    /// Of a permit its slot; `resource` is then the semaphore's name.
    std::optional<std::size_t> slot;

    /// The holder with all known details; empty unless held.
    [[nodiscard]] std::optional<lock_holder> held_by() const {
        if (verdict != lock_verdict::held) {
            return std::nullopt;
        }
        const bool single = reader_count == 1 && readers.size() == 1;
        lock_holder who = single ? readers.front() : lock_holder{holder, fencing, label};
        who.remaining = remaining;
        who.mode = mode.value_or(lock_mode::exclusive);
        who.readers = reader_count;
        return who;
    }
};

/// The nodes' views of the permits of a semaphore.
struct semaphore_status {
    resource_name name;
    std::vector<resource_status> slots;  ///< One for each permit, in the order of their slots.
    /// The number of permits that the nodes remember from the clients of the semaphore: that of a
    /// node that remembers another one than was asked about, if there is such a node. Empty if no
    /// node remembers one.
    std::optional<std::size_t> remembered_permits;
    /// As in `resource_status`.
    std::string message;

    /// How many permits are in this state.
    [[nodiscard]] std::size_t count(lock_verdict verdict) const noexcept {
        return static_cast<std::size_t>(
            std::ranges::count(slots, verdict, &resource_status::verdict));
    }
};

/// Who has a lock, as whoever observes it sees that.
struct leader_view {
    lock_token token{};         ///< Empty: nobody leads.
    fencing_token term{};       ///< The number of the leader's term. Zero: another library's lock.
    std::string label{};        ///< Empty if it gave none.
    std::string proclaimed{};   ///< What the leader has proclaimed last in this term.
    std::uint64_t edition = 0;  ///< How often it has proclaimed something in this term.

    /// Whether anybody leads.
    [[nodiscard]] explicit operator bool() const noexcept { return !token.empty(); }
    friend bool operator==(const leader_view&, const leader_view&) = default;
};

}  // namespace redlock
