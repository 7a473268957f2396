// The options of `redlock run` that make it a campaign, and which others they rule out. Main thread
// only.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/run/lock_runner.hpp"

namespace redlock::cli {

/// Adds --forever and --proclaim.
void add_campaign(CLI::App& command, run_options& options);

/// Once all is parsed: refuses what makes no sense in a campaign, and sets what follows from one.
/// Throws usage_error.
void settle_campaign(const CLI::App& command, run_options& options);

/// Once the settings can be read: a term needs a number. Throws usage_error.
void check_campaign(const run_options& options);

}  // namespace redlock::cli
