// What `redlock run` was asked to do. run.cpp reads the options, lock_runner does the
// work.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/common_options.hpp"

namespace redlock::cli {

/// What to do with the command when the lock is lost while it runs.
enum class on_lost {
    term,  ///< SIGTERM at once, SIGKILL before validity ends.
    kill,  ///< SIGKILL at once.
    warn,  ///< Only say so; the exit status tells it too.
};

struct run_options {
    common_options common;
    wait_options wait;
    std::string resource;
    std::vector<std::string> command;
    std::optional<std::chrono::nanoseconds> lease_time;  ///< Empty: as configured.
    std::optional<std::chrono::nanoseconds> max_hold;
    std::optional<std::chrono::nanoseconds> stop_margin;  ///< Empty: as configured.
    on_lost reaction = on_lost::term;
};

/// Holds the lock while the command runs; returns the exit status. Main thread only.
int hold_and_run(const run_options& options);

}  // namespace redlock::cli
