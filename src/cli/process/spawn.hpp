// Starts programs. Everything that the command runs (the user's command, redis-server, the demo's
// workers) is started here and only here, so that each dies with us, inherits no descriptor of ours
// and begins with ordinary signal settings. One thread at a time; must be called from the main
// thread, since the kernel ties "dies with us" to the thread that forked.
#pragma once

#include <sys/types.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace redlock::cli {

struct spawn_options {
    std::vector<std::string> arguments;    ///< The program first; looked up in PATH, no shell.
    std::vector<std::string> environment;  ///< "NAME=value": added, or replacing ours.
    bool own_group = false;                ///< Leader of a new process group.
    /// The terminal whose foreground group the new group becomes before the program starts; -1: no.
    int terminal = -1;
    int standard_input = -1;   ///< -1: ours is passed on.
    int standard_output = -1;  ///< Likewise.
    int standard_error = -1;   ///< Likewise.
    std::vector<int> pass_on;  ///< Other descriptors of ours that the program shall have.
};

/// The program could not be started; `number()` is the errno of what failed.
class spawn_error : public std::runtime_error {
  public:
    spawn_error(int number, bool program, const std::string& message)
        : runtime_error(message), number_(number), program_(program) {}
    [[nodiscard]] int number() const noexcept { return number_; }
    /// True: executing the program failed. False: the system had no process or descriptor left.
    [[nodiscard]] bool is_the_programs() const noexcept { return program_; }
    /// What is said of a program that could not be executed.
    [[nodiscard]] static std::string text(const std::string& program, int number);

  private:
    int number_;
    bool program_;
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

/// Starts the program and returns once it runs, or throws `spawn_error`; a child whose program
/// could not be executed is gone by then. The child gets SIGKILL when this process dies, whatever
/// kills it.
[[nodiscard]] pid_t spawn(const spawn_options& options);

/// The folder of the running executable, and its full path; empty if it cannot be told.
[[nodiscard]] std::string own_path();
[[nodiscard]] std::string own_folder();

}  // namespace redlock::cli
