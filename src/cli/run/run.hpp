// The subcommand `run`, as in commands/subcommands.hpp. Main thread only.
#pragma once

#include "cli/options/invocation.hpp"

namespace redlock::cli {

void add_run(CLI::App& root, invocation& asked);

}  // namespace redlock::cli
