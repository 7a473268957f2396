// What can stand at the end of a command line: for the shells, which ask at each press of the tab
// key. Everything comes from the parser's own description of the subcommands, so that it is what
// --help shows. Pure; main thread only, since the parser is.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

enum class completed_by {
    words,     ///< By the words of the completion.
    files,     ///< By the shell: a file.
    programs,  ///< By the shell: the name of a program.
    command,   ///< By the shell: the user's own command, with its own options.
};

struct completion_word {
    std::string word;
    std::string description{};  ///< On one line; may be empty.
};

struct completion {
    completed_by how = completed_by::words;
    std::vector<completion_word> words{};  ///< Those that begin as the last word does.
    bool resources = false;                ///< The names of locks can stand there too,
    bool codes = false;                    ///< or what `explain` explains.
    std::size_t command_at = 0;            ///< Where the user's command begins.
    std::string before{};  ///< What of the last word comes before the part that is completed.
    std::string begun{};   ///< That part as it stands now.
};

/// `words` stand behind "redlock"; the last one, which may be empty, is to be completed.
[[nodiscard]] completion complete(const CLI::App& root, const std::vector<std::string>& words);

/// The value that the words give to a long option, as `--config FILE` or `--config=FILE`; empty if
/// none does. The last word is not looked at, nor what stands behind "--".
[[nodiscard]] std::string value_of(std::string_view option, const std::vector<std::string>& words);

}  // namespace redlock::cli
