// Hears the signals that the terminal sends to a process group which has it, Ctrl-C above all: they
// go to every process of that group, and to nobody else. So a small process of ours joins the group
// and notes them. Main thread only.
#pragma once

#include <sys/types.h>

#include <optional>

#include "cli/process/process_tree.hpp"

namespace redlock::cli {

class terminal_listener {
  public:
    /// If the system has no process or descriptor left, nothing will be heard.
    terminal_listener() noexcept;
    terminal_listener(const terminal_listener&) = delete;
    terminal_listener& operator=(const terminal_listener&) = delete;
    ~terminal_listener();

    /// For `join` in a forked process. -1: nothing is heard.
    [[nodiscard]] int channel() const noexcept { return ours_; }
    /// In the process that leads a new group, before it gets the terminal: returns once the other
    /// one is in the group, too. Async-signal-safe.
    static void join(int channel) noexcept;

    /// Stops listening. Returns the last of SIGINT, SIGQUIT and SIGHUP that the terminal has sent;
    /// whoever has seen a process of the group end by one of them is not too early. Signals that
    /// processes have sent do not count, nor those that this process ignores. If somebody has
    /// stopped the listening process, it is continued.
    [[nodiscard]] std::optional<int> last_signal();

  private:
    seen_process process_;
    int ours_ = -1;  ///< The end of one side tells the other of its death.
};

}  // namespace redlock::cli
