// The command line as a whole: the subcommands, help, and which exit status a mistake gets. Main
// thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the parser calls itself so.
class App;
}

namespace redlock::cli {

/// What the command line asks for; filled in while it is parsed.
struct invocation {
    std::vector<std::string> own;      ///< The words before it, the subcommand's name first.
    std::vector<std::string> command;  ///< Everything behind the first "--" of run and local.
    bool has_command = false;          ///< Whether there was a "--".
    std::function<int()> action;       ///< Set by the subcommand that was chosen.
};

/// The whole of main(): parses, runs, and returns the exit status. Never throws.
int run_app(int argc, char** argv) noexcept;

// One a subcommand, each in a file of its own name.
void add_run(CLI::App& root, invocation& asked);
void add_acquire(CLI::App& root, invocation& asked);
void add_extend(CLI::App& root, invocation& asked);
void add_release(CLI::App& root, invocation& asked);
void add_status(CLI::App& root, invocation& asked);
void add_list(CLI::App& root, invocation& asked);
void add_vouch(CLI::App& root, invocation& asked);
void add_doctor(CLI::App& root, invocation& asked);
void add_config(CLI::App& root, invocation& asked);
void add_local(CLI::App& root, invocation& asked);
void add_demo(CLI::App& root, invocation& asked);
void add_demo_worker(CLI::App& root, invocation& asked);

}  // namespace redlock::cli
