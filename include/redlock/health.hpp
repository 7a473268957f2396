// The state of the nodes, as far as it can be observed, and their problems: the facts that
// `lock_manager::async_examine` collects, and `diagnose`, which judges them without asking any
// node. A fact that could not be observed is reported as such, never taken for a good one. Nothing
// here contains a secret. Values only; any thread.
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

/// Options of `async_examine`.
struct examine_options {
    /// Round trips that are measured on each node; less where they would take more than 2 s.
    std::size_t samples = 100;
    /// A resource whose key the user must be allowed to use as well, and whose fence is examined.
    /// Empty: only the keys under `redlock:`, and no fence. Copied by the initiating call.
    std::string_view resource{};
    diagnostics* details = nullptr;  ///< As in `acquire_options`.
};

static_assert(std::is_trivially_destructible_v<examine_options>);

/// From the sending of a command to its reply.
struct round_trip_times {
    std::chrono::nanoseconds median{0};
    std::chrono::nanoseconds p99{0};
    std::size_t samples = 0;
};

/// The node's clock compared with this machine's, by the quickest round trip.
struct clock_reading {
    std::chrono::microseconds ahead{0};  ///< Of this machine's; negative: behind.
    std::chrono::microseconds error{0};  ///< Either way at most: half of that round trip.
};

enum class server_role { master, replica, other };

struct memory_settings {
    std::uint64_t limit = 0;  ///< `maxmemory` in bytes; 0: none.
    std::uint64_t used = 0;
    std::string policy;                      ///< `maxmemory-policy`.
    std::optional<std::uint64_t> evicted{};  ///< Keys evicted since the server was started.
};

/// The data that survives a restart. Each is set if it could be observed.
struct persistence_settings {
    std::optional<bool> append_only{};
    std::string append_fsync;           ///< always, everysec or no; empty: not observed.
    std::optional<std::string> save{};  ///< Snapshots, as in `save 900 1`; "": none.
    bool writing_fails = false;         ///< The last snapshot or append could not be written.
};

struct replication_settings {
    std::size_t replicas = 0;  ///< Connected now.
    /// `min-replicas-to-write` and `min-replicas-max-lag`, if they could be observed.
    std::optional<std::size_t> min_to_write{};
    std::optional<std::chrono::seconds> max_lag{};
};

/// A fact that the node did not show.
struct unseen_fact {
    std::string what;  ///< For people, for example "its settings".
    std::string why;   ///< The server's own message.
    std::string rule;  ///< The ACL rule that would show it; may be empty.
};

/// What withholds a command, a key or a channel.
enum class withheld_by {
    acl,  ///< The server's ACL.
    /// The server does not know the command: it was renamed or disabled. If the server cannot be
    /// asked (`ACL DRYRUN`), a proxy on the way may also have refused it.
    server,
    proxy,    ///< Something on the way refuses it; the server knows the command.
    hang_up,  ///< The connection is closed upon it, as by some proxies.
    /// It is refused in words that do not show by which party: `missing_right::answer`.
    refusal,
    silence,  ///< It gets no answer; other commands do.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(withheld_by what) noexcept;

/// A command, key or channel that the user of the node's URL may not use, or that does not reach
/// the server.
struct missing_right {
    std::string what;  ///< The command, key or channel.
    /// To be added, for example "+hset", "~redlock:*" or "&__redis__:invalidate". Empty: no rule
    /// helps, since it is not the ACL that withholds the command.
    std::string rule;
    std::string needed_for;  ///< For people.
    bool essential = true;   ///< Without it the node gives no votes.
    withheld_by by = withheld_by::acl;
    /// The answer, if it is none of the usual refusals; otherwise empty.
    std::string answer{};
};

/// The facts about one node. A fact that is empty could not be observed.
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
    std::string server{};   ///< "Redis", "Valkey" or another name that it reports.
    std::string version{};  ///< Its own; for Valkey not that of the compatible Redis.
    std::string redis_version{};
    std::string run_id{};
    std::optional<server_role> role{};
    std::optional<std::chrono::seconds> uptime{};
    std::optional<bool> loading{};  ///< Its data set.
    std::optional<memory_settings> memory{};
    std::optional<persistence_settings> persistence{};
    std::optional<replication_settings> replication{};

    std::string user{};  ///< The client's user: as the server reports it, else as in the URL.
    std::vector<missing_right> missing{};
    /// Whether scripts run, and whether it sends change messages; with the server's message if not.
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
    note,     ///< Worth knowing; not a problem.
    warning,  ///< Locks work, but with a disadvantage now or later.
    problem,  ///< The node's vote is missing, or a promise does not hold.
};

[[nodiscard]] REDLOCK_API std::string_view to_string(finding_level level) noexcept;

/// One verdict.
struct finding {
    finding_level level = finding_level::ok;
    /// The kind of finding; never changes once published: see docs/doctor.md.
    std::string code{};
    std::optional<node_index> node{};  ///< Empty: concerns all together.
    std::string what{};                ///< For people, without the node's name.
    std::string why{};                 ///< Why that matters; may be empty.
    std::string advice{};              ///< The change to make; may be empty.
};

/// Judges the result of `async_examine`, under the settings of the manager that was asked. Returns
/// one finding of level `ok` for each node without a warning or problem, which describes it; then
/// the problems, node by node, and at the end the findings about all nodes. Pure.
[[nodiscard]] REDLOCK_API std::vector<finding> diagnose(const std::vector<node_health>& nodes,
                                                        const manager_options& options);

/// How many of the nodes would give votes, as far as could be observed.
[[nodiscard]] REDLOCK_API std::size_t usable_nodes(const std::vector<node_health>& nodes);
/// How many of those would give votes for the resource that was asked about.
[[nodiscard]] REDLOCK_API std::size_t usable_for_resource(const std::vector<node_health>& nodes);

}  // namespace redlock
