// The user's command as a foreground job: a process group of its own that owns the terminal while
// it runs, stops and continues together with us. `job` is that alone; `child` is a job that we
// started ourselves, whose end is seen by SIGCHLD. Knows nothing of locks. Main thread only.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/process/spawn.hpp"
#include "cli/process/terminal_listener.hpp"

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

/// A process group as the foreground job of the terminal we have, while we stand in for it in the
/// eyes of the shell.
class job {
  public:
    /// From here on SIGTTOU is ignored in this process.
    job();
    job(const job&) = delete;
    job& operator=(const job&) = delete;
    /// Takes the terminal back.
    ~job() { end(); }

    /// Has `spawn` start the command in a group of its own, with the terminal if we have it, and
    /// returns the group. Passes on its `spawn_error`.
    pid_t start(const std::vector<std::string>& command, std::vector<std::string> environment,
                const std::function<pid_t(const spawn_options&)>& spawn);
    [[nodiscard]] pid_t group() const noexcept { return group_; }
    /// To be called before `start`: the signals that the terminal sends to the group are heard.
    void listen_to_terminal() noexcept { listens_ = true; }
    /// The last of them, once the job has ended.
    [[nodiscard]] std::optional<int> terminal_signal() const noexcept { return heard_; }
    /// To the whole group. Nothing unless it has begun and not ended. Says so on standard error if
    /// the system does not let us, as when the command has become another user's (sudo).
    void signal(int number);
    /// Stops us as the group was stopped by this signal; returns when we are continued.
    void stop_with_group(int number);
    /// To be called at SIGCONT: the terminal is lent again if it is ours, and the group goes on.
    void resume();
    /// No signal from here on; takes the terminal back.
    void end();

  private:
    terminal terminal_;
    pid_t group_ = -1;
    bool listens_ = false;
    std::optional<terminal_listener> listener_;
    std::optional<int> heard_;
};

/// A command that is our own child. It tells how the command ended, as a shell would: its status,
/// or 128+n after signal n.
class child {
  public:
    /// Starts it. Throws `spawn_error`.
    child(const std::vector<std::string>& command, std::vector<std::string> environment);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    /// Kills what is left of the group if the command was not seen to end; takes the terminal back.
    ~child();

    [[nodiscard]] pid_t group() const noexcept { return pid_; }
    /// To the whole group. Nothing once the command has ended.
    void signal(int number) { job_.signal(number); }
    /// To be called at each SIGCHLD. If the command has stopped at the terminal's wish we stop too.
    /// Returns the exit status once it has ended; the group then still exists until `reap`.
    std::optional<int> check();
    /// Forgets the ended command, and takes the terminal back.
    void reap();
    /// Passes on a stop (SIGTSTP) that was sent to us.
    void stop();
    /// To be called at SIGCONT: the terminal is lent again if it is ours, and the group goes on.
    void resume() { job_.resume(); }

  private:
    void stop_with_group(int number);

    job job_;
    pid_t pid_ = -1;
    bool ended_ = false;
};

/// Whether a terminal stops a job by this signal.
[[nodiscard]] bool is_terminal_stop(int number) noexcept;
/// What to say when the system does not let us send this signal to `whom`.
[[nodiscard]] std::string signal_refusal(int number, std::string_view whom);
/// Says it.
void say_signal_refused(int number, std::string_view whom);

}  // namespace redlock::cli
