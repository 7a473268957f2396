// What the command line asks for, and the error that says that it cannot be done. Main thread only.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the parser calls itself so.
class App;
}

namespace redlock::cli {

/// The command line, the environment or a file cannot be used: exit status 64.
class usage_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// What the command line asks for; filled in while it is parsed.
struct invocation {
    std::vector<std::string> own;      ///< The words before it, the subcommand's name first.
    std::vector<std::string> command;  ///< Everything behind the first "--" of run and local.
    bool has_command = false;          ///< Whether there was a "--".
    std::function<int()> action;       ///< Set by the subcommand that was chosen.
};

}  // namespace redlock::cli
