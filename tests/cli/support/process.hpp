// Runs programs for the tests of the command, and watches them without ever sleeping for luck:
// every wait is for something that must happen, with a deadline so far off that passing it is a
// failure. Whatever a test started is dead when its object is gone. One thread at a time.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli_test {

/// How a program ended, and all that it wrote.
struct finished {
    int status = -1;  ///< Exit status; -n if signal n killed it.
    std::string out;
    std::string err;
};

struct process_options {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment{};  ///< Added to ours.
    std::string input{};                               ///< Standard input; then end of file.
    bool on_terminal = false;  ///< In a session of its own on a new terminal, its output in `out`.
    bool may_not_signal_groups = false;  ///< As if every process group were another user's.
    bool may_not_close_ranges = false;   ///< As if the system had no close_range().
};

class process {
  public:
    explicit process(process_options options);
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    /// Types on the terminal.
    void type(std::string_view keys) const;
    void close_output();  ///< As `| head` does: the program's next write fails.
    /// Until `text` stands in the output so far. Throws std::runtime_error with all output if the
    /// program ends before that, or after a minute.
    void wait_for_out(std::string_view text);
    void wait_for_err(std::string_view text);
    /// What it has written so far, as far as was waited for.
    [[nodiscard]] const std::string& out() const noexcept { return result_.out; }
    /// Until it ends.
    finished wait();
    /// Until it has ended and nobody is left who could write to its output.
    finished wait_for_the_last_word();

  private:
    void start_with_pipes(const process_options& options);
    void start_on_terminal(const process_options& options);
    void pump(const std::function<bool()>& done, const char* what);
    bool read_some();
    bool reaped();

    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    finished result_;
    bool ended_ = false;
};

/// Runs `redlock` with these arguments to its end.
finished redlock(std::vector<std::string> arguments,
                 std::map<std::string, std::string> environment = {});
/// The path of the binary under test, in front of its arguments.
std::vector<std::string> redlock_line(std::vector<std::string> arguments);

/// Polls until it is true; throws std::runtime_error naming `what` after a minute.
void eventually(const std::function<bool()>& condition, std::string_view what);
/// Whether the process exists and is not a zombie.
[[nodiscard]] bool alive(pid_t process);
/// Processes whose parent is this one.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);
/// The name that /proc has for it; empty if there is none.
[[nodiscard]] std::string name_of(pid_t process);
/// The letter that /proc has for its state: 'T' if it is stopped; '?' if there is none.
[[nodiscard]] char state_of(pid_t process);

}  // namespace redlock::cli_test
