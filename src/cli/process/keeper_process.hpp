// The inside of the keeper: what the forked process does, and the memory that it shares with
// redlock. Everything it needs is made before the fork, because afterwards only async-signal-safe
// calls are allowed: redlock may have a thread that looks up names.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>

#include "cli/process/spawn.hpp"
#include "cli/process/stop_plan.hpp"

namespace redlock::cli {

/// Shared by redlock and the keeper. Each change is followed by a byte in the channel between them,
/// which only says "look": a full channel loses nothing.
struct keeper_board {
    static constexpr int running = -1;

    std::atomic<pid_t> command{0};      ///< By the keeper, before the command begins.
    std::atomic<int> fork_error{0};     ///< By the keeper: there is no command.
    std::atomic<int> stopped_by{0};     ///< By the keeper: the signal; redlock puts 0 back.
    std::atomic<int> status{running};   ///< By the keeper: as a shell would tell it.
    std::atomic<bool> alone{false};     ///< By the keeper: the command and all it started ended.
    std::atomic<bool> may_reap{false};  ///< By redlock: it sends no more signals to the group.
    stop_claims claims;
};

/// Whole lines for standard error; empty with --quiet.
struct keeper_lines {
    std::string lost;
    std::string overrun;
    std::string orphaned;        ///< redlock was killed.
    std::string refused_before;  ///< Number and name of a process stand between these two.
    std::string refused_behind;
};

struct keeper_task {
    const prepared_program* program = nullptr;
    keeper_board* board = nullptr;
    const keeper_lines* lines = nullptr;
    int channel = -1;
    int loss_timer = -1;
    int hold_timer = -1;
    int report = -1;  ///< Where the command writes why it cannot be executed.
};

/// Starts the command and looks after it, in a process that was just forked with all signals
/// blocked.
[[noreturn]] void keep(const keeper_task& task);

}  // namespace redlock::cli
