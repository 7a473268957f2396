// What `redlock run` was asked to do. run.cpp reads the options, lock_runner does the
// work.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/common_options.hpp"
#include "cli/process/stop_plan.hpp"

namespace redlock::cli {

/// What becomes of the processes that the command leaves running when it ends.
enum class background {
    end,   ///< They are ended before the lock is released.
    keep,  ///< They are left alone, without the lock.
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
    background rest = background::end;
    bool reentrant = false;
};

/// Holds the lock while the command runs; returns the exit status. Main thread only.
int hold_and_run(const run_options& options);

}  // namespace redlock::cli
