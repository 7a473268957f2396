// A process of a test's own: started, signalled, stopped and reaped. It dies with the test whatever
// happens, frozen or not, and is a process group of its own, so that the terminal's Ctrl-C is not
// for it. Main thread only, since the kernel ties its life to the thread that started it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace redlock::support {

struct child_options {
    std::vector<std::string> arguments;    ///< The program first; looked up in PATH, no shell.
    std::vector<std::string> environment;  ///< "NAME=value": added, or replacing ours.
    std::string output;                    ///< A file for what it writes; empty: where we write.
};

class child {
  public:
    /// Throws cli::spawn_error, or std::system_error for the file.
    explicit child(const child_options& options);
    ~child();
    child(child&& other) noexcept;
    child& operator=(child&&) = delete;
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    void freeze() const;  ///< SIGSTOP; returns when it has stopped.
    void thaw() const;    ///< SIGCONT.
    /// Its exit status, or 128 and the signal that ended it. Killed if it takes longer.
    int wait(std::chrono::milliseconds longest);
    void kill();  ///< SIGKILL and wait. Nothing if it is gone.

  private:
    pid_t pid_ = -1;
};

/// Runs it to its end; its exit status.
int run_to_end(const child_options& options);

}  // namespace redlock::support
