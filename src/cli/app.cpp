// `run` and `local` end at "--": what follows is somebody else's command line, in which the parser
// must see no options of ours. So it is cut off before parsing.
#include "cli/app.hpp"

#include <fmt/format.h>

#include <exception>
#include <redlock/error.hpp>
#include <redlock/version.hpp>
#include <sstream>
#include <string_view>

#include "cli/common_options.hpp"
#include "cli/escape.hpp"
#include "cli/exit_status.hpp"
#include "cli/report.hpp"
#include "cli/spawn.hpp"

namespace redlock::cli {

namespace {

/// Our own arguments, last one first, as CLI11 wants them.
std::vector<std::string> take_arguments(int argc, char** argv, invocation& asked) {
    std::vector<std::string> ours(argv + 1, argv + argc);
    const bool takes_command = !ours.empty() && (ours.front() == "run" || ours.front() == "local");
    if (takes_command) {
        for (std::size_t i = 1; i < ours.size(); ++i) {
            if (ours[i] == "--") {
                const auto cut = ours.begin() + static_cast<std::ptrdiff_t>(i);
                asked.command.assign(cut + 1, ours.end());
                asked.has_command = true;
                ours.erase(cut, ours.end());
                break;
            }
        }
    }
    return {ours.rbegin(), ours.rend()};
}

/// CLI11 would say no more than that a subcommand is required.
void check_subcommand(const CLI::App& root, int argc, char** argv) {
    const std::string first = argc > 1 ? argv[1] : "";
    const auto is_it = [&](const CLI::App* each) { return each->check_name(first); };
    if (!first.empty() && first.front() != '-' && root.get_subcommands(is_it).empty()) {
        throw usage_error("unknown subcommand " + first);
    }
}

int say_usage(std::string_view message) {
    say(fmt::format("{}; see redlock --help", printable(without_secrets(message))));
    return exit_usage;
}

int parse_and_run(int argc, char** argv) {
    CLI::App root{"Distributed locks over independent Redis servers"};
    root.name("redlock");
    root.set_version_flag("--version", "redlock " REDLOCK_VERSION_STRING);
    root.require_subcommand(1);
    root.get_formatter()->column_width(36);
    root.footer(
        "Try it without any set-up:\n  redlock local -- redlock run job -- echo \"I hold it\"\n"
        "Every subcommand has its own --help.");
    invocation asked;
    add_run(root, asked);
    add_acquire(root, asked);
    add_extend(root, asked);
    add_release(root, asked);
    add_status(root, asked);
    add_list(root, asked);
    add_vouch(root, asked);
    add_doctor(root, asked);
    add_config(root, asked);
    add_local(root, asked);
    add_demo(root, asked);
    add_demo_worker(root, asked);
    check_subcommand(root, argc, argv);
    try {
        root.parse(take_arguments(argc, argv, asked));
    } catch (const CLI::Success& shown) {  // --help and --version
        std::ostringstream text;
        const int status = root.exit(shown, text, text);
        return print(text.str()) ? status : exit_output;
    } catch (const CLI::ParseError& mistake) {
        return say_usage(mistake.what());
    }
    return asked.action();
}

}  // namespace

int run_app(int argc, char** argv) noexcept {
    try {
        fill_standard_descriptors();
        remember_inherited_descriptors();
        return parse_and_run(argc, argv);
    } catch (const usage_error& mistake) {
        return say_usage(mistake.what());
    } catch (const lock_error& error) {
        say(printable(error.details().to_string()));
        return status_of(error.code(), exit_contended);
    } catch (const std::exception& error) {
        say(printable(error.what()));
        return exit_internal;
    }
}

}  // namespace redlock::cli
