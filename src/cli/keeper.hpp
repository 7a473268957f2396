// The last line of defence of `redlock run`: a tiny process beside us that kills the command's
// whole process group when the lock's validity ends while we ourselves are stopped, starved or
// stuck, and when we are killed. It needs neither the event loop nor Redis nor our memory. Owned by
// one child; one thread at a time.
#pragma once

#include <sys/types.h>

#include <redlock/clock.hpp>

namespace redlock::cli {

class keeper {
  public:
    /// Starts it, before the command is started. Throws `spawn_error`. It says so on standard error
    /// if the system does not let it kill, unless `--quiet` was given.
    keeper();
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;
    /// Ends it; what it guards goes on living.
    ~keeper();

    /// Where a process group announces itself by the number of its leader (`spawn_options`), before
    /// it begins: at no moment is there a command that nobody would kill.
    [[nodiscard]] int announcements() const noexcept { return pipe_; }
    /// Kills the group at this instant unless a later one is set before. Counts suspend.
    void set_deadline(boot_clock::time_point when);

  private:
    int timer_ = -1;  ///< Shared with the keeper: arming it needs no message.
    int pipe_ = -1;   ///< Its end at the keeper tells of our death.
    pid_t process_ = -1;
};

}  // namespace redlock::cli
