// Checks what callers pass in, before anything is sent. Each complaint says what is wrong and what
// would be right. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/renewal.hpp"
#include "core/turn.hpp"
#include "driver/key_names.hpp"
#include "redlock/endpoint.hpp"
#include "redlock/options.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

/// How far a lock may pass from one waiter to the next.
[[nodiscard]] inline core::turn::limits hand_over_limits(const manager_options& options) {
    return {.count = options.hand_over_count, .time = options.hand_over_time};
}

/// When the loss of a lock is announced before the end of its validity.
[[nodiscard]] inline core::duration stop_margin_of(const acquire_options& options,
                                                   std::chrono::milliseconds lease_time) {
    return options.stop_margin ? core::duration{*options.stop_margin}
                               : core::default_stop_margin(lease_time);
}

/// What of a lease is validity.
[[nodiscard]] core::duration usable_part(std::chrono::milliseconds lease_time,
                                         const manager_options& options);

/// A sentence for people, or nothing if all is well.
using complaint = std::optional<std::string>;

/// `keys`: of the manager. `clustered`: a Redis Cluster is among the nodes.
[[nodiscard]] complaint check_resource(const resource_name& resource,
                                       const driver::key_names& keys = driver::key_names{},
                                       bool clustered = false);
[[nodiscard]] complaint check_lease_time(std::chrono::milliseconds lease_time,
                                         const manager_options& options);
/// `lease_time`: the effective one.
[[nodiscard]] complaint check_acquire(const detail::acquire_request& request,
                                      std::chrono::milliseconds lease_time,
                                      const manager_options& options);
[[nodiscard]] complaint check_permits(std::size_t permits);
/// That a semaphore is in use in this process with another number of permits.
[[nodiscard]] std::string permits_in_use(std::size_t here, std::size_t elsewhere);
/// Whether it can stand in an ACL's pattern, in a pattern of SCAN and before a hash tag, and mean
/// itself in each. An empty one is none.
[[nodiscard]] complaint check_key_prefix(std::string_view prefix);
[[nodiscard]] complaint check_manager(const std::vector<endpoint>& nodes,
                                      const manager_options& options);

}  // namespace redlock::manager
