// `run` and `local` end at "--": what follows is somebody else's command line, in which the parser
// must see no options of ours. So it is cut off before parsing.
#include "cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <redlock/error.hpp>
#include <redlock/version.hpp>
#include <sstream>
#include <string_view>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/environment.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/commands/complete.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/arguments.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/mistakes.hpp"
#include "cli/output/help_text.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

/// The options that every subcommand with nodes has, which may stand before its name too.
std::vector<general_option> general_options() {
    CLI::App all;
    all.set_help_flag();
    common_options common;
    common.add_to(all);
    all.add_flag("--json");
    std::vector<general_option> general;
    for (const CLI::Option* each : all.get_options()) {
        general_option option{{}, each->get_expected_max() != 0};
        for (const std::string& name : each->get_snames()) {
            option.names.push_back("-" + name);
        }
        for (const std::string& name : each->get_lnames()) {
            option.names.push_back("--" + name);
        }
        general.push_back(std::move(option));
    }
    return general;
}

/// Our own arguments; what stands behind "--" goes to `asked`.
std::vector<std::string> take_arguments(int argc, char** argv, invocation& asked) {
    auto ours = arranged({argv + 1, argv + argc}, general_options());
    const bool takes_command = !ours.empty() && (ours.front() == "run" || ours.front() == "local");
    const auto cut = std::find(ours.begin(), ours.end(), "--");
    if (takes_command && cut != ours.end()) {
        asked.command.assign(cut + 1, ours.end());
        asked.has_command = true;
        ours.erase(cut, ours.end());
    }
    asked.own = ours;
    return ours;
}

/// The one that is named, or what comes before a name that is missing. Of one that there is not
/// CLI11 would say no more than that a subcommand is required.
const CLI::App& named_subcommand(const CLI::App& root, const std::vector<std::string>& ours) {
    const CLI::App* parent = &root;
    for (const std::string& word : ours) {
        if (word.empty() || word.front() == '-' || parent->get_require_subcommand_min() == 0) {
            break;
        }
        const auto named =
            parent->get_subcommands([&](const CLI::App* each) { return each->check_name(word); });
        if (named.empty()) {
            throw usage_error(unknown_subcommand(*parent, word));
        }
        parent = named.front();
    }
    return *parent;
}

int say_usage(std::string_view message) {
    const std::string shown = without_typed_logins(message);
    note_failure("usage", shown);
    say({.event = events::usage,
         .text = fmt::format("{}; see redlock --help", printable(shown)),
         .code = "usage"});
    return exit_usage;
}

int parse_and_run(int argc, char** argv) {
    CLI::App root{"Distributed locks over independent Redis servers"};
    root.name("redlock");
    root.set_help_flag("-h,--help", "Show this help");
    root.set_version_flag("-V,--version", "redlock " REDLOCK_VERSION_STRING, "Show the version");
    root.require_subcommand(1);
    root.formatter(std::make_shared<help_formatter>());
    invocation asked;
    add_run(root, asked);
    add_acquire(root, asked);
    add_extend(root, asked);
    add_release(root, asked);
    add_status(root, asked);
    add_list(root, asked);
    add_leader(root, asked);
    add_vouch(root, asked);
    add_doctor(root, asked);
    add_exporter(root, asked);
    add_config(root, asked);
    add_explain(root, asked);
    add_local(root, asked);
    add_demo(root, asked);
    add_demo_worker(root, asked);
    // Only now, or every subcommand would inherit it.
    root.footer(
        "Try it without any set-up:\n  redlock local -- redlock run job -- echo \"I hold it\"\n\n"
        "redlock help SUBCOMMAND tells more of each. --json and the options for the nodes "
        "(--nodes, --config, ...) may also stand before the subcommand.");
    if (argc > 1 && std::string_view{argv[1]} == completion_subcommand) {
        return complete_for_shell(root, {argv + 2, argv + argc});
    }
    if (asks_for_json_log({argv + 1, argv + argc})) {
        write_messages_as(log_format::json);  // Mistakes in what comes before it, too.
    }
    if (asks_for_json({argv + 1, argv + argc})) {
        answer_in_json();
    }
    auto ours = take_arguments(argc, argv, asked);
    check_values(named_subcommand(root, ours), ours);
    try {
        std::reverse(ours.begin(), ours.end());  // As CLI11 wants them.
        root.parse(std::move(ours));
    } catch (const CLI::Success& shown) {  // --help and --version
        no_object_is_due();
        std::ostringstream text;
        const int status = root.exit(shown, text, text);
        return print(text.str()) ? status : exit_output;
    } catch (const CLI::ParseError& mistake) {
        return say_usage(explained(root, mistake));
    }
    return asked.action();
}

void remember_what_was_typed(int argc, char** argv) {
    std::vector<std::string> words{argv + 1, argv + argc};
    for (const char* const name : {"REDLOCK_NODES", "REDLOCK_CONFIG", "REDLOCK_SERVER"}) {
        words.emplace_back(environment_value(name).value_or(""));
    }
    remember_typed(words);
}

int guarded(int argc, char** argv) {
    try {
        remember_what_was_typed(argc, argv);
        fill_standard_descriptors();
        remember_inherited_descriptors();
        return parse_and_run(argc, argv);
    } catch (const usage_error& mistake) {
        return say_usage(mistake.what());
    } catch (const lock_error& error) {
        note_failure(code_of(error.code()), error.details().message, error.details());
        say({.event = events::failed,
             .text = printable(error.details().to_string()) + hint_for(error.code()),
             .code = name_of(error.code())});
        return status_of(error.code(), exit_contended);
    } catch (const std::exception& error) {
        note_failure("internal", error.what());
        say(printable(error.what()));
        return exit_internal;
    }
}

}  // namespace

int run_app(int argc, char** argv) noexcept {
    try {
        return with_object(guarded(argc, argv));
    } catch (const std::exception& error) {  // No memory, not even for the object.
        say(error.what());
        return exit_internal;
    }
}

}  // namespace redlock::cli
