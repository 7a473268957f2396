// The process between redlock and the command: it starts the command, is above everything that the
// command starts, and ends all that when the lock's validity ends while redlock is stopped, starved
// or stuck, and when redlock is killed. This is redlock's handle of it; its inside is in
// keeper_process.hpp. Main thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <redlock/clock.hpp>

#include "cli/process/keeper_process.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

class keeper {
  public:
    /// Makes what both processes share. Throws `spawn_error`.
    explicit keeper(keeper_lines lines);
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;
    /// Ends the keeper. What it looked after goes on living, with us as its parent, except for the
    /// command itself.
    ~keeper();

    /// Ends everything at this instant unless a later one is set before. Counts suspend. May be set
    /// before the start: then there is no moment in which a command runs that nobody would end.
    void set_deadline(boot_clock::time_point when) noexcept;
    /// The same for --max-hold; empty: not any more.
    void set_hold_deadline(std::optional<boot_clock::time_point> when) noexcept;

    /// Starts the keeper and the command, and returns once the command runs. Throws `spawn_error`.
    pid_t start(const spawn_options& command);

    [[nodiscard]] keeper_board& board() const noexcept { return *board_; }
    [[nodiscard]] pid_t process() const noexcept { return process_; }
    /// When the keeper began, in clock ticks since boot.
    [[nodiscard]] std::uint64_t started() const noexcept { return started_; }
    /// Readable when there is something to look at.
    [[nodiscard]] int channel() const noexcept { return ours_; }
    /// Empties the channel. False: the keeper is dead.
    [[nodiscard]] bool is_alive() const noexcept;
    /// No signal will be sent to the command's group any more.
    void allow_reaping() noexcept;

  private:
    void close_all() noexcept;

    keeper_lines lines_;
    keeper_board* board_ = nullptr;
    int loss_timer_ = -1;  ///< Shared with the keeper: arming it needs no message.
    int hold_timer_ = -1;  ///< Likewise.
    int ours_ = -1;        ///< The channel; the end of one side tells the other of its death.
    int theirs_ = -1;
    pid_t process_ = -1;
    std::uint64_t started_ = 0;
};

}  // namespace redlock::cli
