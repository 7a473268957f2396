#include "cli/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/spelling.hpp"

namespace redlock::cli {

namespace {

/// What is shown of somebody's command in a line to copy.
std::string shown_command(const std::vector<std::string>& words) {
    constexpr std::size_t longest = 200;
    const std::string line = shell_line(words);
    return words.empty() || line.size() > longest ? "COMMAND [ARG...]" : line;
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

std::string unknown_subcommand(const CLI::App& root, const std::string& name) {
    std::vector<std::string> known;
    for (const CLI::App* each :
         root.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); })) {
        known.push_back(each->get_name());
    }
    return fmt::format("unknown subcommand {}{}", name, did_you_mean(name, known));
}

std::string complaint_about_run(const CLI::App& run, const std::string& resource,
                                const std::vector<std::string>& extra, bool has_command,
                                const std::vector<std::string>& command) {
    if (!extra.empty() && extra.front().size() > 1 && extra.front().front() == '-') {
        return unknown_option(run, extra.front());
    }
    const std::string name = resource.empty() ? "RESOURCE" : shell_line({resource});
    if (!extra.empty() && !has_command) {
        return fmt::format(
            "run: \"--\" is missing between the lock's name and the command; write: redlock run {} "
            "-- {}",
            name, shown_command(extra));
    }
    if (!extra.empty()) {
        return fmt::format("run: only the lock's name stands before \"--\", but there is also {}",
                           shell_line({extra.front()}));
    }
    if (!has_command || command.empty()) {
        return fmt::format("run: no command; write: redlock run {} -- COMMAND [ARG...]", name);
    }
    return {};
}

std::string explained(const CLI::App& root, const CLI::ParseError& mistake) {
    const CLI::App& command = innermost(root);
    const std::vector<std::string> left = command.remaining();
    const auto option = std::find_if(left.begin(), left.end(), [](const std::string& word) {
        return word.size() > 1 && word.front() == '-' && word != "--";
    });
    if (option != left.end() && &command != &root) {
        return unknown_option(command, *option);
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&mistake) != nullptr && !left.empty()) {
        return fmt::format("{}: cannot do anything with: {}", full_name(command), shell_line(left));
    }
    return mistake.what();
}

}  // namespace redlock::cli
