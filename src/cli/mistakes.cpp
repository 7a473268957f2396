#include "cli/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/spelling.hpp"

namespace redlock::cli {

namespace {

constexpr std::size_t longest_quote = 200;

/// What is shown of somebody's command in a line to copy.
std::string shown_command(const std::vector<std::string>& words) {
    const std::string line = shell_line(words);
    return words.empty() || line.size() > longest_quote ? "COMMAND [ARG...]" : line;
}

/// The subcommand that was being read.
const CLI::App& innermost(const CLI::App& root) {
    const CLI::App* command = &root;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
    }
    return *command;
}

std::string full_name(const CLI::App& command) {
    const bool is_outer =
        command.get_parent() == nullptr || command.get_parent()->get_parent() == nullptr;
    return is_outer ? command.get_name()
                    : command.get_parent()->get_name() + " " + command.get_name();
}

}  // namespace

std::string unknown_option(const CLI::App& command, std::string_view option) {
    const std::string_view name = option.substr(0, option.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* each : command.get_options()) {
        for (const std::string& word : each->get_lnames()) {
            known.push_back("--" + word);
        }
    }
    return fmt::format("{}: unknown option {}{}", full_name(command), name,
                       did_you_mean(name, known));
}

std::string unknown_subcommand(const CLI::App& parent, const std::string& name) {
    std::vector<std::string> known;
    for (const CLI::App* each :
         parent.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); })) {
        known.push_back(each->get_name());
    }
    const std::string where = parent.get_parent() == nullptr ? "" : full_name(parent) + ": ";
    return fmt::format("{}unknown subcommand {}{}", where, name, did_you_mean(name, known));
}

std::string right_form(std::vector<std::string> own, const std::vector<std::string>& command) {
    std::string line = shell_line(own);
    if (line.size() > longest_quote) {
        own.resize(1);
        line = shell_line(own) + " [OPTIONS]" + (own.front() == "run" ? " RESOURCE" : "");
    }
    return fmt::format("write: redlock {} -- {}", line, shown_command(command));
}

std::string complaint_about_command(const CLI::App& subcommand, const invocation& asked,
                                    std::string_view before) {
    const std::vector<std::string> extra = subcommand.remaining();
    if (extra.empty()) {
        return {};
    }
    if (extra.front().size() > 1 && extra.front().front() == '-') {
        return unknown_option(subcommand, extra.front());
    }
    if (asked.has_command) {
        return fmt::format("{}: only {} before \"--\", but there is also {}", subcommand.get_name(),
                           before, shell_line({extra.front()}));
    }
    // What the parser leaves is the end of what it was given.
    std::vector<std::string> own = asked.own;
    own.resize(own.size() - std::min(own.size(), extra.size()));
    return fmt::format("{}: \"--\" is missing before the command; {}", subcommand.get_name(),
                       right_form(std::move(own), extra));
}

std::string explained(const CLI::App& root, const CLI::ParseError& mistake) {
    const CLI::App& command = innermost(root);
    const std::vector<std::string> left = root.remaining(true);
    const auto option = std::find_if(left.begin(), left.end(), [](const std::string& word) {
        return word.size() > 1 && word.front() == '-' && word != "--";
    });
    if (option != left.end() && &command != &root) {
        return unknown_option(command, *option);
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&mistake) != nullptr && !left.empty()) {
        return fmt::format("{}: cannot do anything with: {}{}", full_name(command),
                           shell_line(left),
                           command.get_name() == "acquire"
                               ? "; redlock run RESOURCE -- COMMAND runs a command under a lock"
                               : "");
    }
    return mistake.what();
}

}  // namespace redlock::cli
