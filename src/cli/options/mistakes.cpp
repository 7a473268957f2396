#include "cli/options/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/base/escape.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/options/arguments.hpp"
#include "cli/options/spelling.hpp"
#include "cli/output/help_text.hpp"
#include "cli/output/outcome.hpp"

namespace redlock::cli {

namespace {

constexpr std::size_t longest_quote = 200;

/// Whether somebody who copies what is shown of it gets what was meant.
bool can_be_copied(const std::string& line) {
    return line.size() <= longest_quote && printable(line) == line &&
           without_typed_logins(line) == line;
}

/// What is shown of somebody's command in a line to copy.
std::string shown_command(const std::vector<std::string>& words) {
    const std::string line = shell_line(words);
    return words.empty() || !can_be_copied(line) ? "COMMAND [ARG...]" : line;
}

/// The subcommand that was being read.
const CLI::App& innermost(const CLI::App& root) {
    const CLI::App* command = &root;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
    }
    return *command;
}

/// Of the subcommands that --help lists.
std::vector<std::string> names_below(const CLI::App& parent) {
    std::vector<std::string> names;
    for (const CLI::App* each :
         parent.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); })) {
        names.push_back(each->get_name());
    }
    return names;
}

/// "config check", or "run|acquire|list".
std::string alternatives(const CLI::App& parent) {
    return fmt::format("{}{}", parent.get_parent() == nullptr ? "" : parent.get_name() + " ",
                       fmt::join(names_below(parent), "|"));
}

std::string full_name(const CLI::App& command) {
    const bool is_outer =
        command.get_parent() == nullptr || command.get_parent()->get_parent() == nullptr;
    return is_outer ? command.get_name()
                    : command.get_parent()->get_name() + " " + command.get_name();
}

std::string name_of(std::string_view option) {
    return std::string{option.substr(0, option.find('='))};
}

bool is_option_of(const CLI::App& command, std::string_view word) {
    return word.size() > 1 && word.front() == '-' && word != "--" &&
           command.get_option_no_throw(name_of(word)) != nullptr;
}

/// Of one that the subcommand has: the parser takes it everywhere else.
std::string misplaced_option(const CLI::App& command, std::string_view option) {
    return fmt::format(
        "{}: {} stands behind \"--\", where no options of redlock are read; write it "
        "before the \"--\"",
        full_name(command), name_of(option));
}

/// The parser's own are written for who wrote the program.
std::string in_our_words(const CLI::App& command, const CLI::ParseError& mistake) {
    std::string words = mistake.what();
    const std::string subject = words.substr(0, words.find_first_of(": "));
    if (dynamic_cast<const CLI::RequiredError*>(&mistake) != nullptr) {
        const bool lacks_subcommand = command.get_require_subcommand_min() > 0;
        return fmt::format(
            "{}{} is missing; write: redlock {}",
            command.get_parent() == nullptr ? std::string{} : full_name(command) + ": ",
            lacks_subcommand ? "the subcommand" : subject,
            lacks_subcommand ? alternatives(command) : full_name(command) + operands_of(command));
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&mistake) != nullptr) {
        const CLI::Option* const option = command.get_option_no_throw(subject);
        return option != nullptr && option->count() > 1
                   ? fmt::format("{} is given more than once", subject)
                   : fmt::format("{} needs a value", subject);
    }
    return words;
}

using word_iterator = std::vector<std::string>::const_iterator;

/// Whether this word is an option whose value is the next one.
bool takes_next(const CLI::App& command, const std::vector<std::string>& words, word_iterator at) {
    return is_option_of(command, *at) && at->find('=') == std::string::npos &&
           command.get_option_no_throw(*at)->get_expected_max() != 0 &&
           std::next(at) != words.end() && *std::next(at) != "--";
}

/// Where the words end that are ours: at "--", or where that is missing before a command, at the
/// first word that the parser leaves.
word_iterator end_of_ours(const CLI::App& command, const std::vector<std::string>& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    if (!command.get_prefix_command() || words.empty()) {
        return end;
    }
    const auto is_operand = [](const CLI::Option* each) { return each->get_positional(); };
    auto operands_left = command.get_options(is_operand).size();
    for (auto each = std::next(words.begin()); each != end; ++each) {
        if (takes_next(command, words, each)) {
            ++each;
        } else if (!is_option_of(command, *each) && operands_left-- == 0) {
            return each;
        }
    }
    return end;
}

void check_value_behind_sign(const CLI::Option& option, const std::string& word) {
    const std::string name = name_of(word);
    if (option.get_expected_max() == 0) {
        throw usage_error(fmt::format("{} takes no value", name));
    }
    if (name.size() + 1 == word.size()) {
        throw usage_error(fmt::format("{} has no value behind the \"=\"", name));
    }
    if (name[1] != '-') {
        throw usage_error(fmt::format("write a blank for the \"=\" behind {}", name));
    }
}

/// The parser would take the option for the value.
std::string no_value_but_an_option(const std::string& name, const std::string& next) {
    const std::string advice =
        fmt::format("; write {}={} if that is the value", name, can_be_copied(next) ? next : "...");
    return fmt::format("{} needs a value, and {} is an option{}", name, name_of(next),
                       name.starts_with("--") ? advice : "");
}

}  // namespace

std::string unknown_option(const CLI::App& command, std::string_view option) {
    if (is_option_of(command, option)) {
        return misplaced_option(command, option);
    }
    const std::string name = name_of(option);
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
    const std::string where = parent.get_parent() == nullptr ? "" : full_name(parent) + ": ";
    return fmt::format("{}unknown subcommand {}{}", where, name,
                       did_you_mean(name, names_below(parent)));
}

std::string right_form(std::vector<std::string> own, const std::vector<std::string>& command) {
    std::string line = shell_line(own);
    if (!can_be_copied(line)) {
        own.resize(1);
        line = shell_line(own) + " [OPTIONS]" + (own.front() == "run" ? " RESOURCE" : "");
    }
    return fmt::format("write: redlock {} -- {}", line, shown_command(command));
}

void check_first_word(const CLI::App& subcommand, const invocation& asked) {
    if (!asked.command.empty() && asked.command.front().empty()) {
        throw usage_error(fmt::format("{}: the command's name, behind \"--\", is empty; {}",
                                      subcommand.get_name(), right_form(asked.own, {})));
    }
    if (!asked.command.empty() && is_option_of(subcommand, asked.command.front())) {
        throw usage_error(misplaced_option(subcommand, asked.command.front()));
    }
}

void check_command(const CLI::App& subcommand, const invocation& asked, std::string_view before) {
    const std::vector<std::string> extra = subcommand.remaining();
    if (extra.empty()) {
        check_first_word(subcommand, asked);
        return;
    }
    if (extra.front().size() > 1 && extra.front().front() == '-') {
        throw usage_error(unknown_option(subcommand, extra.front()));
    }
    // What the parser leaves is the end of what it was given.
    std::vector<std::string> own = asked.own;
    own.resize(own.size() - std::min(own.size(), extra.size()));
    if (!asks_for_json(own)) {
        no_object_is_due();  // What looked like our --json belongs to the command.
    }
    if (asked.has_command) {  // Perhaps the "--" is the command's own.
        std::vector<std::string> whole = extra;
        whole.emplace_back("--");
        whole.insert(whole.end(), asked.command.begin(), asked.command.end());
        throw usage_error(
            fmt::format("{}: only {} before \"--\", but there is also {}; if the command begins "
                        "there, {}",
                        subcommand.get_name(), before, shell_line({extra.front()}),
                        right_form(std::move(own), whole)));
    }
    throw usage_error(fmt::format("{}: \"--\" is missing before the command; {}",
                                  subcommand.get_name(), right_form(std::move(own), extra)));
}

void check_values(const CLI::App& command, const std::vector<std::string>& ours) {
    const auto end = end_of_ours(command, ours);
    for (auto each = ours.begin(); each != end; ++each) {
        const std::string& word = *each;
        if (!is_option_of(command, word)) {
            continue;
        }
        if (word.find('=') != std::string::npos) {
            check_value_behind_sign(*command.get_option_no_throw(name_of(word)), word);
        } else if (takes_next(command, ours, each)) {
            ++each;
            if (is_option_of(command, *each)) {
                throw usage_error(no_value_but_an_option(word, *each));
            }
        }
    }
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
        return fmt::format("{}: unexpected arguments: {}{}", full_name(command), shell_line(left),
                           command.get_name() == "acquire"
                               ? "; redlock run RESOURCE -- COMMAND runs a command under a lock"
                               : "");
    }
    return in_our_words(command, mistake);
}

}  // namespace redlock::cli
