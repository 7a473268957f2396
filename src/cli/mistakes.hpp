// What is wrong with a command line that the parser refuses, in words that say what to write
// instead. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// That the subcommand has no such option, and which one may be meant.
[[nodiscard]] std::string unknown_option(const CLI::App& command, std::string_view option);

/// That there is no such subcommand, and which one may be meant.
[[nodiscard]] std::string unknown_subcommand(const CLI::App& root, const std::string& name);

/// `redlock run` without a usable command. `extra` is what stands behind the resource's name,
/// `command` what stands behind "--". Empty if nothing is wrong.
[[nodiscard]] std::string complaint_about_run(const CLI::App& run, const std::string& resource,
                                              const std::vector<std::string>& extra,
                                              bool has_command,
                                              const std::vector<std::string>& command);

/// What the parser's own words come to: an unknown option is named before all else that follows
/// from it.
[[nodiscard]] std::string explained(const CLI::App& root, const CLI::ParseError& mistake);

}  // namespace redlock::cli
