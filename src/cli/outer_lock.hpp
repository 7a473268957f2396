// The locks under which this very process runs, as the `redlock run` above it said in the
// environment: to wait for one of them would be to wait for ourselves. Main thread only.
#pragma once

#include <optional>
#include <redlock/types.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.hpp"

namespace redlock::cli {

/// For `REDLOCK_OUTER`: the locks beyond the innermost one, as "hex of the name:token", with blanks
/// between them.
[[nodiscard]] std::string with_outer_lock(std::string_view known, std::string_view resource,
                                          std::string_view token);
/// The tokens that such a list has for a resource.
[[nodiscard]] std::vector<lock_token> outer_tokens(std::string_view known,
                                                   std::string_view resource);

/// All of this process's environment; empty where it runs under no lock.
[[nodiscard]] std::string outer_locks_of_environment();

/// Where the lock that `options` ask for is one that we run under, and the nodes say that it is
/// still held: refuses, or under `--reentrant` becomes the command. Returns the exit status;
/// nothing where the lock is to be acquired as usual. Throws `usage_error` and `lock_error`.
[[nodiscard]] std::optional<int> run_within_outer_lock(const run_options& options);

}  // namespace redlock::cli
