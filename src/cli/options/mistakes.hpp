// What is wrong with a command line that the parser refuses, in words that say what to write
// instead. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/invocation.hpp"

namespace redlock::cli {

/// That the subcommand has no such option, and which one may be meant.
[[nodiscard]] std::string unknown_option(const CLI::App& command, std::string_view option);

/// That there is no such subcommand, and which one may be meant.
[[nodiscard]] std::string unknown_subcommand(const CLI::App& parent, const std::string& name);

/// "write: redlock OWN -- COMMAND", to copy; names stand for what is missing, too long, or cannot
/// be shown as it is.
[[nodiscard]] std::string right_form(std::vector<std::string> own,
                                     const std::vector<std::string>& command);

/// Throws usage_error if the first word behind "--", which is the command's name, is empty or an
/// option of ours.
void check_first_word(const CLI::App& subcommand, const invocation& asked);

/// What the parser has left of `run` or `local`, which end at "--": an unknown option, a command
/// without "--", or a word too many; or an option behind "--". Throws usage_error for any of these.
/// `before`: what may stand before "--", with its verb.
void check_command(const CLI::App& subcommand, const invocation& asked, std::string_view before);

/// Throws usage_error for an option without a value, behind which the parser would take the next
/// option or word for one, for a value of an option that takes none, and for `-n=value`. `ours`
/// begin with the subcommand's name. Of one that runs a command, no word is looked at that belongs
/// to the command because the "--" before it was forgotten.
void check_values(const CLI::App& command, const std::vector<std::string>& ours);

/// What the parser's own words come to: an unknown option is named before all else that follows
/// from it.
[[nodiscard]] std::string explained(const CLI::App& root, const CLI::ParseError& mistake);

}  // namespace redlock::cli
