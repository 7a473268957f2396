// The hook for logs and metrics. The library itself never writes to a stream: it reports everything
// here, without secrets.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/types.hpp"

namespace redlock {

enum class event_kind {
    woken,     ///< A waiter tries again: `node` reported a change of the lock.
    acquired,  ///< `elapsed`: its duration, waiting included.
    /// One attempt of an acquisition did not win. `error`: `errc::contended`, `errc::no_quorum`, or
    /// none if it came too late or has to be made again with a higher ballot.
    attempt_failed,
    acquire_failed,  ///< The acquisition ended without the lock.
    extended,        ///< By the caller or by the watchdog.
    extend_failed,   ///< The lock is still valid until its old validity ends.
    lost,            ///< Validity ended, or the nodes say that the lock is gone.
    released,
    handed_over,          ///< Released by a hand-over within this manager: no command to any node.
    release_failed,       ///< Also for a release by a destructor.
    late_grant_released,  ///< A node granted after the attempt was over; the grant was released.
    node_ready,           ///< Connected, logged in, identified.
    node_down,            ///< Could not be connected, or the connection broke; `error` says why.
    node_refused,         ///< The node must not vote: it is the same server as another one.
    /// The node is connected but has no vote in acquisitions: `error` and `message` say why and for
    /// how long, for example `node_errc::quarantined`.
    node_without_vote,
    /// The node refuses change messages (client tracking), and waiters have to poll.
    tracking_refused,
    /// The connection uses TLS, but any certificate is accepted (`tls_options::verify` is false).
    /// Reported once, when the node is first connected.
    node_unverified,
};

[[nodiscard]] REDLOCK_API std::string_view to_string(event_kind kind) noexcept;

/// What happened. The views are valid during the call only.
struct event {
    event_kind kind;
    std::string_view resource{};   ///< Empty for node events.
    fencing_token fencing{};       ///< Zero where there is none.
    node_index node = 0;           ///< For node events.
    std::string_view node_name{};  ///< For node events: the endpoint without secrets.
    error_code error{};
    std::string_view message{};  ///< For people; may be empty.
    std::chrono::nanoseconds elapsed{0};
    /// attempt_failed: the number of places before the waiter, if it stands in line.
    std::optional<std::size_t> ahead{};
    /// attempt_failed with `errc::no_quorum`: which nodes gave no vote, and why. Null otherwise.
    const diagnostics* details = nullptr;
};

/// Derive from it for your logs and metrics. Called on the manager's strand, one call at a time:
/// return soon, and do not call back into the manager synchronously for a result.
class REDLOCK_API observer {
  public:
    observer() = default;
    observer(const observer&) = delete;
    observer& operator=(const observer&) = delete;
    virtual ~observer() = default;

    virtual void on_event(const event& what) noexcept = 0;
};

}  // namespace redlock
