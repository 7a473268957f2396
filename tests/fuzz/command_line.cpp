// Fuzz target: the words of a command line, up to the point where it would be carried out. It is
// refused with a sentence, or what it asks for is in bounds and goes together. One thread.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/base/escape.hpp"
#include "cli/commands/outer_lock.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/mistakes.hpp"
#include "fuzz/target.hpp"

namespace redlock::fuzz {
namespace {

using words = std::vector<std::string>;

/// One a line.
words words_in(std::string_view bytes) {
    words all;
    for (std::size_t at = 0; at <= bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
        all.emplace_back(bytes.substr(at, end - at));
        at = end + 1;
    }
    // What the system takes for the end of a word cannot be inside.
    for (std::string& each : all) {
        each.resize(std::min(each.find('\0'), each.size()));
    }
    return all;
}

bool is_given(const CLI::App& command, const char* option) {
    const CLI::Option* const found = command.get_option_no_throw(option);
    return found != nullptr && found->count() > 0;
}

words values_of(const CLI::App& command, const char* option) {
    const CLI::Option* const found = command.get_option_no_throw(option);
    return found == nullptr ? words{} : found->results();
}

void check_permits(const std::string& text) {
    unsigned number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    require(
        wrong == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= 1024,
        "a number of permits is one from 1 to 1024");
}

void check_pairs(const CLI::App& command) {
    constexpr std::array<std::pair<const char*, const char*>, 12> apart{{
        {"--permits", "--also"},
        {"--permits", "--shared"},
        {"--also", "--shared"},
        {"--also", "--reentrant"},
        {"--forever", "--wait"},
        {"--forever", "--nonblock"},
        {"--forever", "--shared"},
        {"--forever", "--reentrant"},
        {"--proclaim", "--permits"},
        {"--proclaim", "--also"},
        {"--proclaim", "--shared"},
        {"--reentrant", "--min-hold"},
    }};
    for (const auto& [one, other] : apart) {
        require(!is_given(command, one) || !is_given(command, other),
                "options that exclude each other are refused together");
    }
}

void check_accepted(const CLI::App& command, const words& given, const cli::invocation& asked) {
    require(asked.action != nullptr, "what is accepted can be carried out");
    for (const std::string& each : values_of(command, "--permits")) {
        check_permits(each);
    }
    for (const std::string& each : values_of(command, "--also")) {
        require(cli::complaint_about_resource(each).empty(), "a further name is one");
    }
    for (const char* const option : {"--also", "--label", "--proclaim"}) {
        for (const std::string& each : values_of(command, option)) {
            const bool is_option = each.size() > 1 && each.front() == '-' && each != "--" &&
                                   command.get_option_no_throw(each) != nullptr;
            require(!is_option ||
                        std::ranges::find(given, std::string{option} + "=" + each) != given.end(),
                    "an option is no value of the one before it");
        }
    }
    for (const std::string& each : values_of(command, "--proclaim")) {
        require(!each.empty() && each.size() <= 256, "a text has from 1 to 256 bytes");
    }
    check_pairs(command);
    if (command.get_name() == "run") {
        require(!asked.command.empty() && !asked.command.front().empty(), "a command has a name");
        require(command.get_option_no_throw(asked.command.front()) == nullptr ||
                    asked.command.front().front() != '-',
                "no option is taken for a command");
    }
}

void check_refused(std::string_view said) {
    const std::string shown = cli::printable(said);
    require(!shown.empty() && cli::is_valid_utf8(shown), "a refusal is a sentence");
}

/// As the command does it before it parses.
words own_words(const words& given, cli::invocation& asked) {
    words own = given;
    const auto cut = std::find(own.begin(), own.end(), "--");
    if (own.front() == "run" && cut != own.end()) {
        asked.command.assign(cut + 1, own.end());
        asked.has_command = true;
        own.erase(cut, own.end());
    }
    asked.own = own;
    return own;
}

void check_line(const words& given) {
    using adder = void (*)(CLI::App&, cli::invocation&);
    static const std::map<std::string, adder> subcommands{
        {"run", cli::add_run},         {"acquire", cli::add_acquire}, {"extend", cli::add_extend},
        {"release", cli::add_release}, {"status", cli::add_status},   {"leader", cli::add_leader},
        {"doctor", cli::add_doctor}};
    const auto chosen = subcommands.find(given.front());
    if (chosen == subcommands.end()) {
        return;
    }
    CLI::App root;
    root.require_subcommand(1);
    cli::invocation asked;
    chosen->second(root, asked);
    const CLI::App* const command = root.get_subcommand(given.front());
    words own = own_words(given, asked);
    try {
        cli::check_values(*command, own);
        std::reverse(own.begin(), own.end());
        root.parse(std::move(own));
    } catch (const CLI::Success&) {  // --help
        return;
    } catch (const CLI::ParseError& mistake) {
        check_refused(cli::explained(root, mistake));
        return;
    } catch (const cli::usage_error& mistake) {
        check_refused(mistake.what());
        return;
    }
    check_accepted(*command, given, asked);
}

/// Whatever stood in REDLOCK_OUTER before, a lock that is added is found there.
void check_outer_locks(const words& given) {
    const cli::seen_process renewer{.number = 7, .started = 70};
    const std::string& known = given.front();
    const std::string& name = given.back();
    const auto is_ours = [](const cli::outer_lock& each) {
        return each.token == lock_token{"1-x"} && each.renewer.number == 7;
    };
    require(std::ranges::any_of(
                cli::outer_locks(cli::with_outer_lock(known, name, "1-x", renewer), name), is_ours),
            "a lock is found among the outer ones");
    require(
        std::ranges::any_of(
            cli::outer_permits(cli::with_outer_permit(known, name, "1-x", renewer), name), is_ours),
        "so is a permit");
    for (const cli::outer_lock& each : cli::outer_locks(known, name)) {
        require(each.renewer.number > 0, "a renewer has a number");
    }
}

}  // namespace

void try_input(std::string_view bytes) {
    const words given = words_in(bytes);
    check_line(given);
    check_outer_locks(given);
}

}  // namespace redlock::fuzz
