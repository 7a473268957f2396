// Starts programs. Everything that the command runs (the user's command, redis-server, the demo's
// workers) is started here and only here, so that each dies with us, inherits no descriptor of ours
// and begins with ordinary signal settings. One thread at a time; must be called from the main
// thread, since the kernel ties "dies with us" to the thread that forked.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/base/exit_status.hpp"

namespace redlock::cli {

struct spawn_options {
    std::vector<std::string> arguments;  ///< The program first; looked up in PATH, no shell.
    /// "NAME=value": added, or replacing ours. "NAME": ours is left out.
    std::vector<std::string> environment;
    bool own_group = false;  ///< Leader of a new process group.
    /// The terminal whose foreground group the new group becomes before the program starts; -1: no.
    int terminal = -1;
    int listener = -1;  ///< The channel of a `terminal_listener` that joins the group before that.
    int standard_input = -1;   ///< -1: ours is passed on.
    int standard_output = -1;  ///< Likewise.
    int standard_error = -1;   ///< Likewise.
    std::vector<int> pass_on;  ///< Other descriptors of ours that the program shall have.
};

/// A program could not be started.
class spawn_error : public std::runtime_error {
  public:
    /// "cannot `what`: " and what the errno `number` means; the system has no process or descriptor
    /// left.
    spawn_error(int number, std::string_view what, exit_status status = exit_internal);
    /// Executing the program failed.
    [[nodiscard]] static spawn_error cannot_execute(int number, std::string_view program);
    /// What a shell would return in its place.
    [[nodiscard]] exit_status status() const noexcept { return status_; }

  private:
    exit_status status_;
};

/// Opens 0, 1 and 2 where we were started without (`>&-`), so that nothing that is opened later
/// gets their numbers. They fail to be read and written as closed ones do. Call first thing in
/// main().
void fill_standard_descriptors();

/// Notes which descriptors we were given, so that they, and nothing that is opened later, are
/// passed on. Call first thing in main(); without it only 0, 1 and 2 are passed on.
void remember_inherited_descriptors();

/// A program with all that its start needs, made before a fork, since between fork and exec only
/// async-signal-safe calls are allowed. `options` must outlive it.
class prepared_program {
  public:
    explicit prepared_program(const spawn_options& options);
    /// In the child: becomes the program, or writes the errno (an int) to `report` and exits. Exits
    /// also if its parent is not `parent` any more. Async-signal-safe.
    [[noreturn]] void become(pid_t parent, int report) const;
    /// In this process: becomes the program, or returns the errno. What `options` say of groups,
    /// terminals and streams is left out.
    [[nodiscard]] int replace_us() const;

  private:
    void hide_our_descriptors() const;

    const spawn_options& options_;
    std::vector<char*> arguments_;
    std::vector<std::string> environment_text_;
    std::vector<char*> environment_;
    std::vector<int> kept_;  ///< Sorted; above 2.
};

struct forked_process {
    pid_t number;
    int cause;  ///< The errno that it wrote; 0 once all who could write one have executed a
                ///< program.
};
/// Forks a process that runs `inside` with all signals blocked, so that no handler of ours runs in
/// it, and returns when the descriptor that `inside` is given to write an errno to is closed on the
/// other side. `inside` must not return, and is async-signal-safe. Throws `spawn_error`.
[[nodiscard]] forked_process fork_process(bool own_group, const std::function<void(int)>& inside);

/// Starts the program and returns once it runs, or throws `spawn_error`; a child whose program
/// could not be executed is gone by then. The child gets SIGKILL when this process dies, whatever
/// kills it.
[[nodiscard]] pid_t spawn(const spawn_options& options);

/// What of a program the system would not start because it is too long: a variable of its
/// environment, or arguments and environment together.
struct excess {
    std::string variable;  ///< Its name; empty: all together.
    std::size_t bytes;
    std::size_t limit;
};
/// Nothing if the sizes are within the system's limits. They do not tell whether it can be started.
[[nodiscard]] std::optional<excess> excess_of(const spawn_options& options);

/// Waits for the end of a child of ours, and returns what waitpid(2) tells of it.
int wait_for_child(pid_t child) noexcept;

/// The folder of the running executable, and its full path; empty if it cannot be told.
[[nodiscard]] std::string own_path();
[[nodiscard]] std::string own_folder();

}  // namespace redlock::cli
