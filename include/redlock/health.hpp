// What the nodes are like, as far as they let us see, and what is wrong with them: the facts that
// `lock_manager::async_examine` gathers, and `diagnose`, which judges them without asking anybody.
// A fact that could not be seen is told as such, never taken for a good one. No secret is in any of
// it. Values only; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "redlock/error.hpp"
#include "redlock/export.hpp"
#include "redlock/options.hpp"
#include "redlock/types.hpp"

namespace redlock {

/// How `async_examine` looks.
struct examine_options {
    /// Round trips that are measured on each node; less where they would take more than 2 s.
    std::size_t samples = 100;
    /// A resource whose key the user must be allowed too, and whose fence is looked at. Empty: only
    /// the keys under `redlock:`, and no fence. Copied by the initiating call.
    std::string_view resource{};
    diagnostics* details = nullptr;  ///< As in `acquire_options`.
};

static_assert(std::is_trivially_destructible_v<examine_options>);

/// From a command's departure to its reply.
struct round_trip_times {
    std::chrono::nanoseconds median{0};
    std::chrono::nanoseconds p99{0};
    std::size_t samples = 0;
};

/// The node's clock against ours, by the quickest round trip.
struct clock_reading {
    std::chrono::microseconds ahead{0};  ///< Of ours; negative: behind.
    std::chrono::microseconds error{0};  ///< Either way at most: half of that round trip.
};

enum class server_role { master, replica, other };

struct memory_settings {
    std::uint64_t limit = 0;  ///< `maxmemory` in bytes; 0: none.
    std::uint64_t used = 0;
    std::string policy;  ///< `maxmemory-policy`.
};

/// What a restart leaves of the data. Each is set if it could be seen.
struct persistence_settings {
    std::optional<bool> append_only{};
    std::string append_fsync;           ///< always, everysec or no; empty: not seen.
    std::optional<std::string> save{};  ///< Snapshots, as in `save 900 1`; "": none.
    bool writing_fails = false;         ///< The last snapshot or append could not be written.
};

struct replication_settings {
    std::size_t replicas = 0;  ///< Connected now.
    /// `min-replicas-to-write` and `min-replicas-max-lag`, if they could be seen.
    std::optional<std::size_t> min_to_write{};
    std::optional<std::chrono::seconds> max_lag{};
};

/// Something that the node did not let us see.
struct unseen_fact {
    std::string what;  ///< For people, for example "its settings".
    std::string why;   ///< The server's own words.
    std::string rule;  ///< The ACL rule that would show it; may be empty.
};

/// What withholds a command, a key or a channel.
enum class withheld_by {
    acl,  ///< The server's ACL.
    /// The server does not know the command: it was renamed or disabled. Where the server cannot be
    /// asked that (`ACL DRYRUN`), it may also be a proxy on the way that refuses it.
    server,
    proxy,    ///< Something on the way refuses it; the server knows the command.
    hang_up,  ///< The connection is closed upon it, which is what some proxies do.
    /// It is refused in words that do not tell by whom: `missing_right::answer`.
    refusal,
    silence,  ///< Nothing answers to it; other commands are answered.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(withheld_by what) noexcept;

/// Something that the user of the node's URL may not do, or that does not reach the server.
struct missing_right {
    std::string what;  ///< The command, key or channel.
    /// To be added, for example "+hset", "~redlock:*" or "&__redis__:invalidate". Empty: no rule
    /// helps, since it is not the ACL that withholds the command.
    std::string rule;
    std::string needed_for;  ///< For people.
    bool essential = true;   ///< Without it the node gives no votes.
    withheld_by by = withheld_by::acl;
    /// What was answered, where that is none of the usual refusals; else empty.
    std::string answer{};
};

/// What one node is like. What is empty could not be seen.
struct node_health {
    node_index node = 0;
    std::string name;  ///< The endpoint, without secrets.
    /// Set if the node could not be examined, or not to the end; `message` says why, for people.
    error_code error{};
    std::string message{};

    // Of its URL.
    bool durable = false;      ///< `durable=yes`.
    bool by_sentinel = false;  ///< The master that Sentinels name.
    bool cluster = false;      ///< A Redis Cluster.
    bool tls = false;
    bool tls_verified = false;  ///< False without TLS.

    std::optional<round_trip_times> round_trip{};
    std::optional<clock_reading> clock{};
    std::string server{};   ///< "Redis", "Valkey" or what else it calls itself.
    std::string version{};  ///< Its own; for Valkey not that of the Redis it stands for.
    std::string redis_version{};
    std::string run_id{};
    std::optional<server_role> role{};
    std::optional<std::chrono::seconds> uptime{};
    std::optional<bool> loading{};  ///< Its data set.
    std::optional<memory_settings> memory{};
    std::optional<persistence_settings> persistence{};
    std::optional<replication_settings> replication{};

    std::string user{};  ///< Who we are there: as it tells, else as in its URL.
    std::vector<missing_right> missing{};
    /// Whether scripts run, and whether it tells of changed keys; with the server's words if not.
    std::optional<bool> runs_scripts{};
    std::optional<bool> tracks_keys{};
    std::string scripts_message{};
    std::string tracking_message{};

    /// As in `node_status`: set while it has no vote in acquisitions.
    error_code vote_error{};
    std::string vote_message{};
    std::optional<std::chrono::milliseconds> quarantine{};
    /// As in `node_status`, of the resource that was asked about; empty unless it is too far ahead.
    std::string fence_message{};
    std::string key_message{};  ///< As in `node_status`, of the same resource.

    std::vector<unseen_fact> unseen{};
};

enum class finding_level {
    ok,
    note,     ///< Worth knowing; nothing is wrong.
    warning,  ///< Locks work, but something is lost, or will be one day.
    problem,  ///< The node's vote is missing, or a promise does not hold.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(finding_level level) noexcept;

/// One verdict.
struct finding {
    finding_level level = finding_level::ok;
    /// Which kind, never changed once published: see docs/doctor.md.
    std::string code{};
    std::optional<node_index> node{};  ///< Empty: of all together.
    std::string what{};                ///< For people, without the node's name.
    std::string why{};                 ///< Why that matters; may be empty.
    std::string advice{};              ///< What to change; may be empty.
};

/// Judges what `async_examine` has seen, under the settings that it was seen with. One finding of
/// level `ok` for each node without a warning or problem, telling what it is; then what is wrong,
/// node by node, and at the end what concerns all. Pure.
[[nodiscard]] REDLOCK_API std::vector<finding> diagnose(const std::vector<node_health>& nodes,
                                                        const manager_options& options);

/// How many of the nodes would give votes, as far as was seen.
[[nodiscard]] REDLOCK_API std::size_t usable_nodes(const std::vector<node_health>& nodes);
/// How many of those would give votes for the resource that was asked about.
[[nodiscard]] REDLOCK_API std::size_t usable_for_resource(const std::vector<node_health>& nodes);

}  // namespace redlock
