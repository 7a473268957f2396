// Errors, in two layers. `errc` is the result of an operation as a whole; `node_errc` is the reason
// why one node did not give its vote, found in `diagnostics`. Contended, timed out, no quorum and
// indeterminate are separate because a caller handles each differently.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "redlock/export.hpp"
#include "redlock/types.hpp"

namespace redlock {

using error_code = boost::system::error_code;

/// The result of an operation.
enum class errc {
    /// Another client holds the lock and the caller did not want to wait, or its attempts are used
    /// up.
    contended = 1,
    /// The wait ran out while another client held the lock.
    timed_out,
    /// Too few nodes answered, or answered in time, for any majority. Nothing is known to be held.
    no_quorum,
    /// The lock does not, or no longer, belong to this holder: it expired, was deleted, or was
    /// already gone at release.
    lost,
    /// Too few nodes answered, and a write may have been executed on some of the others.
    indeterminate,
    /// The manager was closed.
    closed,
    /// An argument cannot be used; `diagnostics::message` or the exception names which and why.
    invalid_argument,
    /// Two of the endpoints are one and the same server, so that its vote would count twice.
    same_server_twice,
    /// This is a copy in a forked child: manager and locks belong to the parent. Nothing was sent.
    forked,
    /// Other clients of one of the nodes use another number of nodes. Their majorities and this
    /// client's need not share a node, so no lock is taken at all, not even with the votes of the
    /// other nodes.
    different_nodes,
    /// Several resources were to be acquired together, and none was named.
    no_resource,
    /// More resources than can be acquired together.
    too_many_resources,
    /// One resource was named twice among those that are to be acquired together.
    resource_twice,
    /// Resources that are to be acquired together lie in different slots of a Redis Cluster.
    /// Nothing was sent; names with the same hash tag lie in one slot.
    different_slots,
    /// Other clients use the semaphore with another number of permits; `diagnostics::message` gives
    /// both numbers. No permit is held.
    permits_mismatch,
};

/// Why a single node gave no vote.
enum class node_errc {
    /// The command was sent and no answer came within the node timeout.
    no_answer = 1,
    /// Nothing was sent: there is no connection to the node.
    not_connected,
    /// Nothing was sent: the node has been silent for so long that it gets no new commands.
    unresponsive,
    /// The connection broke while the command was in flight.
    connection_lost,
    /// The node's answer was not in the Redis protocol, or did not fit the command.
    bad_reply,
    /// The node refused the password or the user (WRONGPASS, NOAUTH).
    authentication_failed,
    /// The user lacks a right (NOPERM).
    permission_denied,
    /// The node is a replica: it refuses writes (READONLY), or reports that role and gives no vote
    /// even if it accepts writes.
    read_only,
    /// The node's memory is full (OOM).
    out_of_memory,
    /// The node is still loading its data set (LOADING).
    loading,
    /// The node refuses writes because it cannot persist them (MISCONF).
    cannot_persist,
    /// Any other error reply; its text is in the message.
    error_reply,
    /// This node is the same server as another one in the list.
    same_server,
    /// The node's clock and the fencing token are too far apart for the node to accept it.
    clock_window,
    /// The node's fence for the resource is further ahead of its clock than any fencing token is
    /// accepted, because a clock was wrong for a while. It has no vote for this resource until the
    /// fence expires.
    fence_ahead,
    /// The node may have forgotten locks that are still held, and has no vote until they must be
    /// over: it was restarted, promoted or flushed, or is not known yet.
    quarantined,
    /// The node's other clients have other settings (`manager_options`), so that their locks and
    /// this client's need not exclude each other. It has no vote for this client, restart guard or
    /// no restart guard.
    configuration_mismatch,
    /// The TLS handshake failed, or the server's identity is wrong, or the server does not trust
    /// this client. The message says which and what to do. Nothing was sent.
    tls_failed,
    /// No server of the Redis Cluster executed the command: the key's slot has no master, or is
    /// being moved from one to another (CLUSTERDOWN, TRYAGAIN, MOVED, ASK).
    slot_unserved,
    /// More than one server answers behind the node's URL, through a name or a proxy that spreads
    /// connections: the others do not know the grants of one. The node has no vote.
    several_servers,
    /// The node's other clients use another number of nodes, so that their majorities and this
    /// client's need not share a node. It has no vote for this client, and acquisitions fail with
    /// `errc::different_nodes`.
    different_nodes,
    /// The server does not know a command that is needed: it was renamed or disabled there, or a
    /// proxy in between does not pass it. The message names it.
    unknown_command,
    /// The server is in protected mode (DENIED): without a password it accepts connections from its
    /// own machine only. Nothing was executed.
    protected_mode,
    /// The resource's key, or another key of the lock, has a value of another type on this node.
    wrong_type,
};

/// The enumerator's own name, such as "timed_out": for logs, metrics and scripts. Never changes
/// once published.
[[nodiscard]] REDLOCK_API std::string_view to_string(errc code) noexcept;
[[nodiscard]] REDLOCK_API std::string_view to_string(node_errc code) noexcept;

[[nodiscard]] REDLOCK_API const boost::system::error_category& lock_category() noexcept;
[[nodiscard]] REDLOCK_API const boost::system::error_category& node_category() noexcept;

[[nodiscard]] inline error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), lock_category()};
}
[[nodiscard]] inline error_code make_error_code(node_errc code) noexcept {
    return {static_cast<int>(code), node_category()};
}

/// Why one node did not help. `message` is for people: it names the endpoint without its secrets
/// and quotes the server's own message if there is one.
struct node_failure {
    node_index node = 0;
    error_code cause{};
    std::string message{};
};

/// The holder of a lock, as a quorum of the nodes reports it.
struct lock_holder {
    lock_token token{};       ///< Of several readers the lock key's value, `redlock:shared`.
    fencing_token fencing{};  ///< Zero if another library holds it, or several readers do.
    std::string label{};      ///< Empty if it gave none.
    /// The longest time until its leases have ended on a quorum, unless it is extended; empty if
    /// they never end.
    std::optional<std::chrono::milliseconds> remaining{};
    /// Shared: readers hold it, with shared locks. If that is a single one, this tells of it.
    lock_mode mode = lock_mode::exclusive;
    std::size_t readers = 0;  ///< How many; zero of an exclusive lock, or if nobody knows.
    /// Where several resources were asked for: the one that it holds. Else empty.
    resource_name resource{};
};

/// The cause of an error: a sentence for people and each failed node's own cause.
struct REDLOCK_API diagnostics {
    std::string message{};
    std::vector<node_failure> nodes{};
    /// With `errc::contended` and `errc::timed_out`, if a quorum reported one.
    std::optional<lock_holder> holder{};

    /// All of it in one line, fit for a log: "message; node 2 (redis://host:6379): cause".
    [[nodiscard]] std::string to_string() const;
};

/// Thrown by `with_lock` and by the blocking facade: an error code with its diagnostics.
class REDLOCK_API lock_error : public boost::system::system_error {
  public:
    lock_error(error_code code, diagnostics details)
        : system_error(code, details.to_string()), details_(std::move(details)) {}

    [[nodiscard]] const diagnostics& details() const noexcept { return details_; }

  private:
    diagnostics details_;
};

}  // namespace redlock

template <>
struct boost::system::is_error_code_enum<redlock::errc> : std::true_type {};
template <>
struct boost::system::is_error_code_enum<redlock::node_errc> : std::true_type {};
