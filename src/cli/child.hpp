// The user's command as a foreground job: a process group of its own that owns the terminal while
// it runs, stops and continues together with us, and whose end is seen by SIGCHLD. Knows nothing of
// locks. Main thread only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace redlock::cli {

/// The terminal we were started from, if we own it: it is lent to the command and taken back.
class terminal {
  public:
    terminal();
    /// -1 unless we are its foreground group now.
    [[nodiscard]] int lendable() const;
    void lend(pid_t group);
    void take_back();
    [[nodiscard]] bool is_lent() const noexcept { return lent_; }

  private:
    int tty_ = -1;
    bool lent_ = false;
};

/// How the command ended, as a shell would tell it: its status, or 128+n after signal n.
class child {
  public:
    /// Starts it. Throws `spawn_error`. From here on SIGTTOU is ignored in this process.
    /// `announce_to`: as in `spawn_options`.
    child(const std::vector<std::string>& command, std::vector<std::string> environment,
          int announce_to = -1);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    /// Kills what is left of the group if the command was not seen to end; takes the terminal back.
    ~child();

    [[nodiscard]] pid_t group() const noexcept { return pid_; }
    /// To the whole group. Nothing once the command has ended. Says so on standard error if the
    /// system does not let us, as when the command has become another user's (sudo).
    void signal(int number);
    /// To be called at each SIGCHLD. If the command has stopped at the terminal's wish we stop too.
    /// Returns the exit status once it has ended; the group then still exists until `reap`.
    std::optional<int> check();
    /// Kills whatever the command left running in its group. Only between its end and `reap`.
    void kill_rest();
    /// Forgets the ended command, and takes the terminal back. Says so if something is left that
    /// `kill_rest` was not allowed to kill.
    void reap();
    /// Passes on a stop (SIGTSTP) that was sent to us.
    void stop();
    /// To be called at SIGCONT: the terminal is lent again if it is ours, and the group goes on.
    void resume();

  private:
    void stop_with_child(int number);

    terminal terminal_;
    pid_t pid_ = -1;
    bool ended_ = false;
    bool rest_refused_ = false;  ///< The system did not let us kill what is left.
};

/// What to say when the system does not let us send this signal to the command.
[[nodiscard]] std::string refusal_of(int number);

}  // namespace redlock::cli
