// The locks under which this very process runs, as the `redlock run` above it said in the
// environment: to wait for one of them would be to wait for ourselves. Main thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <redlock/status.hpp>
#include <redlock/types.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/common_options.hpp"
#include "cli/options/shape_options.hpp"
#include "cli/process/process_tree.hpp"

namespace redlock::cli {

/// For `REDLOCK_OUTER`: the locks that a command runs under, as "digest of the
/// name:token:pid.start", with blanks between them. Names may be long and the environment may not.
/// The last part is the `redlock` that renews the lock: without it the lock only lasts until its
/// lease or its minimum ends.
[[nodiscard]] std::string with_outer_lock(std::string_view known, std::string_view resource,
                                          std::string_view token, const seen_process& renewer);
/// The same of a permit, as "permit-" and then a lock's words.
[[nodiscard]] std::string with_outer_permit(std::string_view known, std::string_view semaphore,
                                            std::string_view token, const seen_process& renewer);

/// The same of a lock of any shape.
[[nodiscard]] std::string with_outer(std::string known, const std::string& resource,
                                     const shape_options& shape, std::string_view token,
                                     const seen_process& renewer);

struct outer_lock {
    lock_token token;
    seen_process renewer;  ///< Number and start alone.
};
/// The locks that such a list has for a resource. What cannot be read is left out.
[[nodiscard]] std::vector<outer_lock> outer_locks(std::string_view known,
                                                  std::string_view resource);
/// The same of the permits of a semaphore.
[[nodiscard]] std::vector<outer_lock> outer_permits(std::string_view known,
                                                    std::string_view semaphore);

/// What the environment of this process says; empty where it runs under no lock.
[[nodiscard]] std::string outer_locks_of_environment();

struct outer_search {
    int interrupted = 0;                ///< The exit status if a signal ended the search; else 0.
    std::optional<lock_holder> holder;  ///< Of the outer lock, as the nodes say; if there is one.
    std::optional<std::size_t> slot;    ///< If that is a permit.
};
/// Whether `resource` is a lock that we run under, which its `redlock` still renews and the nodes
/// still know. Throws `usage_error` and `lock_error`.
[[nodiscard]] outer_search find_outer_lock(const common_options& common,
                                           const std::string& resource);
/// The same of a permit of this semaphore.
[[nodiscard]] outer_search find_outer_permit(const common_options& common, const semaphore& of);
/// Refuses to wait for any of the locks that are asked for, as below.
[[nodiscard]] std::optional<int> refused_within_outer_locks(const common_options& common,
                                                            const std::string& resource,
                                                            const shape_options& shape,
                                                            lock_mode wanted,
                                                            std::string_view advice);
/// Refuses to wait for a lock that was found, and returns the exit status; nothing where the lock
/// is to be acquired as usual.
[[nodiscard]] std::optional<int> refused_within_outer_lock(const outer_search& found,
                                                           const std::string& resource,
                                                           lock_mode wanted,
                                                           std::string_view advice);

}  // namespace redlock::cli
