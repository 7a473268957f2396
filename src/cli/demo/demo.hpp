// The subcommands `demo` and `demo-worker`, as in commands/subcommands.hpp. Main thread only.
#pragma once

#include "cli/options/invocation.hpp"

namespace redlock::cli {

void add_demo(CLI::App& root, invocation& asked);
void add_demo_worker(CLI::App& root, invocation& asked);

}  // namespace redlock::cli
