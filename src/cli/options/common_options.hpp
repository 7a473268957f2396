// The options that every subcommand which talks to nodes has, and what follows from them. Node URLs
// may carry passwords: they are kept as text only to be handed to the user's command, never
// printed. Main thread only.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <redlock/configuration.hpp>
#include <redlock/lock_manager.hpp>
#include <redlock/options.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/base/escape.hpp"
#include "cli/base/message.hpp"
#include "cli/options/invocation.hpp"

namespace redlock::cli {

struct common_options {
    std::string nodes;        ///< As given by --nodes.
    std::string nodes_file;   ///< As given by --nodes-file.
    std::string config_file;  ///< As given by --config.
    // What is not given is as configured.
    std::optional<std::chrono::nanoseconds> node_timeout;
    std::optional<std::chrono::nanoseconds> max_lease_time;
    std::optional<std::chrono::nanoseconds> quorum_timeout;
    std::optional<restart_guard> guard;
    std::string key_prefix;
    std::optional<bool> fencing;
    bool quiet = false;
    bool verbose = false;
    log_format format = log_format::text;

    void add_to(CLI::App& command);
    /// For subcommands that acquire.
    void add_quorum_timeout_to(CLI::App& command);
    void add_fencing_to(CLI::App& command);
    /// Quiet and the format take effect from here on.
    void apply() const;
    /// From --nodes, --nodes-file, the file that --config names, REDLOCK_NODES, the file that
    /// REDLOCK_CONFIG names, or the default, in this order. Read once: a file may be a pipe. Throws
    /// usage_error.
    [[nodiscard]] const std::vector<std::string>& node_urls() const;
    /// The configuration file, and above it the command line. Throws usage_error.
    [[nodiscard]] manager_options manager() const;
    /// The file that --config or REDLOCK_CONFIG names; empty if there is none.
    [[nodiscard]] std::string configuration_file() const;
    /// What that file says; the defaults if there is none. Read once. Throws usage_error.
    [[nodiscard]] const configuration& configured() const;
    /// In whole milliseconds, as --lease-time gives it or as configured. Throws usage_error.
    [[nodiscard]] std::chrono::milliseconds lease_time(
        const std::optional<std::chrono::nanoseconds>& given) const;

  private:
    [[nodiscard]] std::vector<std::string> read_node_urls() const;

    mutable std::shared_ptr<const configuration> configured_;
    mutable std::vector<std::string> node_urls_;
};

/// How to acquire: shared by run and acquire.
struct wait_options {
    std::optional<std::chrono::nanoseconds> wait;  ///< Empty: as configured.
    bool nonblock = false;
    bool shared = false;  ///< As one of any number of holders.
    int conflict_status = 75;
    bool quiet_contention = false;
    std::optional<std::chrono::nanoseconds> min_hold;
    std::string label;  ///< Empty: as configured.

    void add_to(CLI::App& command);
    /// Whether nobody wants to hear that somebody else holds the lock: a crontab on several
    /// machines would mail it each time.
    [[nodiscard]] bool contention_is_usual() const {
        return quiet_contention || conflict_status == 0;
    }
    /// Refers to this and to `configured`.
    [[nodiscard]] acquire_options acquire(const configuration& configured) const;
};

/// For options whose value is empty when they are not given. `what`: what the value names.
[[nodiscard]] CLI::Validator filled_in(const std::string& what);

/// `or_forever`: or the word "forever", which becomes `wait_policy::no_limit`.
enum class duration_kind { plain, or_forever };

/// Adds an option whose value is read by `parse_duration`.
CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::optional<std::chrono::nanoseconds>& value, const std::string& help,
                          duration_kind kind = duration_kind::plain);

/// Refuses a name that no lock can have, before it is shown anywhere: it may be very long.
[[nodiscard]] CLI::Validator valid_resource();
/// What is wrong with it; empty if nothing is.
[[nodiscard]] std::string complaint_about_resource(const std::string& name);

/// `--server`, for subcommands that start some.
void add_server_option(CLI::App& command, std::string& program);

/// Adds an option whose value is one of a few words.
template <class Value, class Target>
void add_choice(CLI::App& command, const std::string& name, Target& value,
                std::vector<std::pair<std::string, Value>> among, const std::string& help) {
    std::string words;
    for (const auto& [word, meaning] : among) {
        words += (words.empty() ? "" : "|") + word;
    }
    command
        .add_option_function<std::string>(
            name,
            [&value, name, among = std::move(among), words](const std::string& text) {
                const auto chosen =
                    std::ranges::find(among, text, &std::pair<std::string, Value>::first);
                if (chosen == among.end()) {
                    throw CLI::ValidationError(
                        name, fmt::format("'{}' is none of {}", printable(text), words));
                }
                value = chosen->second;
            },
            help)
        ->type_name(words);
}

/// In whole milliseconds, as leases are kept. Throws usage_error naming `option` if there is none.
[[nodiscard]] std::chrono::milliseconds whole_milliseconds(const std::string& option,
                                                           std::chrono::nanoseconds value);

}  // namespace redlock::cli
