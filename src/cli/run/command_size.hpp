// Whether the system can start the command with all that it will find in its environment. Asked
// before anything is acquired. Main thread only.
#pragma once

#include "cli/run/lock_runner.hpp"

namespace redlock::cli {

/// Throws `usage_error` that says which limit is exceeded, and what to do.
void check_command_size(const run_options& options);

}  // namespace redlock::cli
