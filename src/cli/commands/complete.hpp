// The subcommand that the shells' completions call; no help shows it. Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace redlock::cli {

/// Its name, and what the words of the line follow, from behind "redlock" to the cursor.
inline constexpr const char* completion_subcommand = "complete-line";

/// Prints how the last word can be completed: a line "words 0", "files 0", "programs 0" or "command
/// N", where the user's own command begins with the word of that number; then a word a line, a tab,
/// and its description. Asks the nodes for the names of locks if nodes are named, for a second at
/// most. Returns 0 always.
int complete_for_shell(const CLI::App& root, const std::vector<std::string>& words);

}  // namespace redlock::cli
