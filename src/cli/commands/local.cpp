// `redlock local`: throwaway servers around a command. Everything that was started ends with it:
// the servers, and what the command left running in its group, since its servers are gone.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "cli/base/console.hpp"
#include "cli/base/environment.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/base/typed_secrets.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/commands/vouch.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/mistakes.hpp"
#include "cli/process/child.hpp"
#include "cli/process/redis_process.hpp"
#include "cli/process/signals.hpp"
#include "cli/process/spawn.hpp"

namespace redlock::cli {

namespace {

namespace asio = boost::asio;

struct local_request {
    std::size_t count = 3;
    redis_process_options server;
    std::vector<std::string> command;
};

std::vector<std::string> environment_for(const std::string& nodes) {
    return {"REDLOCK_NODES=" + nodes,
            fmt::format("PATH={}:{}", own_folder(),
                        environment_value("PATH").value_or("/usr/local/bin:/usr/bin:/bin"))};
}

/// Lets what is left of the group end in order (a `redlock run` in the background releases its
/// lock), but not for long.
void end_group(pid_t group) {
    using namespace std::chrono_literals;
    const auto give_up = std::chrono::steady_clock::now() + 2s;
    ::kill(-group, SIGTERM);
    ::kill(-group, SIGCONT);
    while (::kill(-group, 0) == 0 && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(5ms);
    }
    ::kill(-group, SIGKILL);
}

int run_command(const local_request& request, const std::string& nodes) {
    asio::io_context loop{1};
    std::optional<child> command;
    std::optional<int> status;
    signals answered{loop,
                     [&](int number) {
                         if (!command || status) {
                             return;
                         }
                         if (number == SIGCHLD) {
                             status = command->check();
                             if (status) {
                                 loop.stop();
                             }
                         } else if (number == SIGTSTP) {
                             command->stop();
                         } else if (number == SIGCONT) {
                             command->resume();
                         } else {
                             command->signal(number);
                         }
                     },
                     job_control::ours};
    try {
        command.emplace(request.command, environment_for(nodes));
    } catch (const spawn_error& error) {
        say({.event = events::cannot_execute, .text = error.what()});
        return error.status();
    }
    status = command->check();
    if (!status) {
        loop.run();
    }
    const pid_t group = command->group();
    command->reap();
    end_group(group);
    return *status;
}

int stay(const std::string& nodes) {
    asio::io_context loop{1};
    signals answered{loop, [&](int number) {
                         if (is_ending_signal(number)) {
                             loop.stop();
                         }
                     }};
    if (!print(fmt::format("export REDLOCK_NODES={}\n", nodes))) {
        return exit_output;
    }
    loop.run();
    return exit_ok;
}

int run_local(const local_request& request) {
    try {
        const auto servers = start_servers(request.count, request.server);
        const std::string nodes = urls_of(servers);
        vouch_for_new(url_list_of(servers));
        return request.command.empty() ? stay(nodes) : run_command(request, nodes);
    } catch (const redis_error& error) {
        say(fmt::format("local: {}", without_typed_logins(error.what())));
        return exit_no_quorum;
    }
}

}  // namespace

void add_local(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<local_request>();
    auto* command = root.add_subcommand("local", "Run a command with throwaway Redis servers");
    command->footer(
        "Starts servers on free ports of 127.0.0.1, without persistence, sets\n"
        "REDLOCK_NODES and puts this redlock in front of PATH, runs COMMAND, and ends the servers "
        "and\n"
        "what COMMAND left running in its process group. Without COMMAND it prints a line for the\n"
        "shell and stays until it is interrupted:\n\n"
        "  redlock local -- sh -c 'redlock run job -- echo hello'\n\n"
        "Exit status: that of COMMAND, 128+n if signal n ended it; without COMMAND 0 when it was\n"
        "interrupted; 126, 127 as for redlock run; 69 the servers could not be started; 64 usage.");
    command->add_option("-n,--servers", request->count, "How many servers (default 3)")
        ->check(CLI::Range(1, 63))
        ->type_name("N");
    add_server_option(*command, request->server.program);
    command->prefix_command();
    command->callback([request, command, &asked] {
        check_command(*command, asked, "options stand");
        if (asked.has_command && asked.command.empty()) {
            throw usage_error("local: no command; " + right_form(asked.own, {}));
        }
        request->command = asked.command;
        asked.action = [request] { return run_local(*request); };
    });
}

}  // namespace redlock::cli
