// Reads the options of `redlock run`, and looks whether it runs under its own lock already.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/base/console.hpp"
#include "cli/base/events.hpp"
#include "cli/commands/outer_lock.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/exclusions.hpp"
#include "cli/options/mistakes.hpp"
#include "cli/process/spawn.hpp"
#include "cli/run/campaign_options.hpp"
#include "cli/run/command_size.hpp"
#include "cli/run/lock_runner.hpp"
#include "cli/run/run_context.hpp"

namespace redlock::cli {

namespace {

constexpr const char* run_help =
    "COMMAND is started without a shell, as a process group of its own with our standard input\n"
    "and terminal. Signals are passed on to it. It sees REDLOCK_RESOURCE, REDLOCK_TOKEN,\n"
    "REDLOCK_FENCING_TOKEN, REDLOCK_NODES; with --permits REDLOCK_SLOT, the number of its permit "
    "from\n"
    "0; with --also REDLOCK_RESOURCES, all names, one a line; and, if a configuration file was "
    "used, REDLOCK_CONFIG.\n"
    "If the lock is lost, COMMAND and everything that it started get SIGTERM and then SIGKILL, "
    "both\n"
    "before anybody else can hold the lock; if redlock is killed, they get SIGKILL. What COMMAND\n"
    "leaves running when it ends is ended too, unless --background=keep says otherwise.\n\n"
    "Exit status: that of COMMAND; 128+n after signal n; 75 somebody else holds the lock, or the\n"
    "wait ran out (see -E); 69 too few nodes answered; 79 the lock was lost while COMMAND ran;\n"
    "124 --max-hold was exceeded; 126 COMMAND cannot be executed; 127 it was not found; 64 usage,\n"
    "or the lock inside itself without --reentrant; 78 two nodes are the same server, or other\n"
    "clients use another number of nodes or of permits.";

/// Of `run -- -name -- COMMAND`, where the first "--" ends our options and not the name.
void take_resource(const CLI::App& command, run_options& options, invocation& asked) {
    if (asked.command.size() < 2 || asked.command[1] != "--") {
        check_first_word(command, asked);
        std::vector<std::string> own = asked.own;
        own.emplace_back("RESOURCE");
        std::vector<std::string> meant = asked.command;
        if (!meant.empty() && meant.front() == "--") {
            meant.erase(meant.begin());  // It stands behind the name that is missing.
        }
        throw usage_error("run: the lock's name is missing; " + right_form(own, meant));
    }
    options.resource = asked.command.front();
    if (const std::string wrong = complaint_about_resource(options.resource); !wrong.empty()) {
        throw usage_error("run: " + wrong);
    }
    if (options.resource.starts_with('-')) {
        asked.own.emplace_back("--");
    }
    asked.own.push_back(options.resource);
    asked.command.erase(asked.command.begin(), asked.command.begin() + 2);
}

/// The command finds the names in lines.
void check_lines(const run_options& options) {
    for (const resource_name& each : options.shape.names(options.resource)) {
        if (each.str().find('\n') != std::string::npos) {
            throw usage_error(fmt::format(
                "run: the name {} has a line feed, with which COMMAND could not tell it from two "
                "names in REDLOCK_RESOURCES; give the lock another name",
                each.str()));
        }
    }
}

/// The outer redlock goes on renewing the lock, and ends us with all that it started if it is lost.
int become_command(const run_options& options, const outer_search& found) {
    const lock_holder& outer = found.holder.value();
    const run_context context{.resource = options.resource,
                              .token = outer.token,
                              .fencing = outer.fencing,
                              .node_urls = options.common.node_urls(),
                              .configuration_file = options.common.configuration_file(),
                              .outer = outer_locks_of_environment(),
                              .slot = found.slot};
    const spawn_options program{
        .arguments = options.command, .environment = context.variables(), .pass_on = {}};
    const auto failed = spawn_error::cannot_execute(prepared_program{program}.replace_us(),
                                                    options.command.front());
    say({.event = events::cannot_execute, .text = failed.what(), .resource = options.resource});
    return failed.status();
}

constexpr std::array<ruled_out, 3> by_reentrant{{
    {"--max-hold", "the outer redlock ends the command; give it the option"},
    {"--min-hold", "the outer redlock holds the lock; give it the option"},
    {"--also", "there is one outer lock to run under; leave one of the two out"},
}};

/// What to do for a lock that we run under already, where --reentrant was not given. `needs_more`:
/// that one is shared and this one is not to be.
std::string advice_within(const run_options& options, bool needs_more) {
    constexpr std::string_view another = "give it another lock";
    if (options.forever) {
        return std::string{another};
    }
    std::vector<std::string_view> left_out;
    const auto rules_out = [&](bool given, std::string_view option) {
        if (given) {
            left_out.push_back(option);
        }
    };
    rules_out(options.max_hold.has_value(), "--max-hold");
    rules_out(options.wait.min_hold.has_value(), "--min-hold");
    rules_out(!options.proclaimed.empty(), "--proclaim");
    return fmt::format("run the {}one with --reentrant{}{}, or {}",
                       needs_more ? "outer one without --shared and this " : "inner ",
                       left_out.empty() ? "" : " and without ", fmt::join(left_out, " and "),
                       another);
}

int run(const run_options& options) {
    options.common.apply();
    check_campaign(options);
    check_command_size(options);
    if (!options.shape.also.empty()) {
        const auto refused = refused_within_outer_locks(
            options.common, options.resource, options.shape, lock_mode::exclusive,
            "let the outer redlock take all locks, or give this one other names");
        return refused ? *refused : lock_runner{options}.run();
    }
    const outer_search outer =
        options.shape.permits
            ? find_outer_permit(options.common, {options.resource, *options.shape.permits})
            : find_outer_lock(options.common, options.resource);
    const auto wanted = options.wait.shared ? lock_mode::shared : lock_mode::exclusive;
    const bool needs_more =
        outer.holder && outer.holder->mode == lock_mode::shared && wanted == lock_mode::exclusive;
    if (options.reentrant && outer.holder) {
        if (needs_more) {
            throw usage_error(fmt::format(
                "{} is held as a shared lock, which excludes no others that are shared: run the "
                "outer redlock without --shared, or this one with it",
                printable(options.resource)));
        }
        if (!outer.holder->fencing && options.common.manager().fencing) {
            throw usage_error(
                fmt::format("{} is held without a fencing token: give the outer redlock one, or "
                            "this one --no-fencing",
                            printable(options.resource)));
        }
        return become_command(options, outer);
    }
    const auto refused = refused_within_outer_lock(outer, options.resource, wanted,
                                                   advice_within(options, needs_more));
    return refused ? *refused : lock_runner{options}.run();
}

}  // namespace

void add_run(CLI::App& root, invocation& asked) {
    auto options = std::make_shared<run_options>();
    auto* command = root.add_subcommand("run", "Run a command while holding a lock");
    command->footer(run_help);
    const auto* resource =
        command->add_option("RESOURCE", options->resource, "What to lock: a Redis key")
            ->check(valid_resource());
    options->common.add_to(*command);
    options->wait.add_to(*command);
    options->shape.add_permits_to(*command,
                                  "Take one of N permits, so that COMMAND runs at most N times at "
                                  "once; all must give the same N. COMMAND sees which one in "
                                  "REDLOCK_SLOT, from 0");
    options->shape.add_also_to(*command,
                               "Take this lock together with that of the first RESOURCE, both or "
                               "none; may be given up to 63 times");
    options->common.add_quorum_timeout_to(*command);
    options->common.add_fencing_to(*command);
    add_duration(*command, "--lease-time", options->lease_time,
                 "How long the nodes keep the lock if redlock dies (default 10s); it is renewed as "
                 "long as COMMAND runs");
    add_choice<on_lost>(*command, "--on-lost", options->reaction,
                        {{"term", on_lost::term}, {"kill", on_lost::kill}, {"warn", on_lost::warn}},
                        "What COMMAND gets when the lock is lost: SIGTERM and then SIGKILL "
                        "(default), only SIGKILL, "
                        "or nothing");
    add_choice<background>(
        *command, "--background", options->rest,
        {{"end", background::end}, {"keep", background::keep}},
        "What happens to processes that COMMAND leaves running when it ends: they are ended before "
        "the lock is released (default), or left alone");
    add_duration(
        *command, "--max-hold", options->max_hold,
        "Stop COMMAND after this time, by SIGTERM and then SIGKILL whatever --on-lost says; "
        "status 124");
    add_duration(
        *command, "--stop-margin", options->stop_margin,
        "How long before validity ends COMMAND gets SIGTERM; SIGKILL comes when a third of "
        "it is left (default: a tenth of the lease time, at most 500ms)");
    command->add_flag(
        "--reentrant", options->reentrant,
        "Where we run under this very lock already, run COMMAND at once under it; else "
        "acquire it as usual");
    add_campaign(*command, *options);
    command->prefix_command();
    command->callback([options, command, resource, &asked] {
        if (resource->count() == 0 && command->remaining().empty()) {
            take_resource(*command, *options, asked);
        }
        check_command(*command, asked, "options and the lock's name stand");
        if (asked.command.empty()) {
            throw usage_error("run: no command; " + right_form(asked.own, {}));
        }
        if (options->shape.chosen("run", options->wait.shared) == lock_shape::several) {
            check_lines(*options);
        }
        if (options->max_hold) {
            static_cast<void>(whole_milliseconds("--max-hold", *options->max_hold));
        }
        if (options->reentrant) {
            refuse_beside(*command, "--reentrant", by_reentrant);
        }
        settle_campaign(*command, *options);
        options->command = asked.command;
        asked.action = [options] { return run(*options); };
    });
}

}  // namespace redlock::cli
