// The options that every subcommand which talks to nodes has, and what follows from them. Node URLs
// may carry passwords: they are kept as text only to be handed to the user's command, never
// printed. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <redlock/lock_manager.hpp>
#include <redlock/options.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace redlock::cli {

/// The command line, the environment or a file cannot be used: exit status 64.
class usage_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct common_options {
    std::string nodes;                           ///< As given by --nodes.
    std::string nodes_file;                      ///< As given by --nodes-file.
    std::chrono::nanoseconds node_timeout{0};    ///< Zero: the library's default.
    std::chrono::nanoseconds max_lease_time{0};  ///< Likewise.
    restart_guard guard = restart_guard::automatic;
    bool quiet = false;
    bool verbose = false;

    void add_to(CLI::App& command);
    /// Quiet and verbose take effect from here on.
    void apply() const;
    /// From --nodes, --nodes-file, REDLOCK_NODES or the default, in this order. Throws usage_error.
    [[nodiscard]] std::vector<std::string> node_urls() const;
    [[nodiscard]] manager_options manager() const;
};

/// How to acquire: shared by run and acquire.
struct wait_options {
    std::chrono::nanoseconds wait = wait_policy::no_limit;
    bool nonblock = false;
    int conflict_status = 75;

    void add_to(CLI::App& command);
    [[nodiscard]] wait_policy policy() const;
};

/// Adds an option whose value is read by `parse_duration`.
CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::chrono::nanoseconds& value, const std::string& help);

/// In whole milliseconds, as leases are kept. Throws usage_error naming `option` if there is none.
[[nodiscard]] std::chrono::milliseconds whole_milliseconds(const std::string& option,
                                                           std::chrono::nanoseconds value);

}  // namespace redlock::cli
