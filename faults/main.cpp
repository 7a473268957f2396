// The program's three modes: it plays scenarios, and it is each of the processes that play along.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "faults/breaks.hpp"
#include "faults/client.hpp"
#include "faults/runner.hpp"
#include "faults/store_process.hpp"

namespace redlock::faults {
namespace {

void add_client(CLI::App& root, client_request& request) {
    auto* command = root.add_subcommand("client", "")->group("");
    command->add_option("--name", request.name)->required();
    command->add_option("--node", request.nodes)->required()->allow_extra_args(false);
    command->add_option("--store", request.store)->required();
    command->add_option("--log", request.log)->required();
    command->add_option("--workers", request.workers);
    command->add_option("--resources", request.resources);
    command->add_option("--readers", request.readers);
    command->add_option("--long-every", request.long_every);
    command->add_option("--clock-rate", request.clock_rate);
    command->add_option("--broken", request.broken);
    command->add_flag("!--unguarded", request.guard);
    const auto span = [command](const char* name, std::chrono::milliseconds& into) {
        command->add_option_function<long>(
            name, [&into](long count) { into = std::chrono::milliseconds{count}; });
    };
    span("--lease-time", request.lease_time);
    span("--clock-window", request.clock_window);
    span("--fence-lifetime", request.fence_lifetime);
    span("--hold", request.hold);
}

void add_store(CLI::App& root, store_request& request) {
    auto* command = root.add_subcommand("store", "")->group("");
    command->add_option("--socket", request.socket)->required();
    command->add_option("--log", request.log)->required();
    command->add_flag("--blind", request.blind);
}

void add_runner(CLI::App& root, run_request& request, bool& list) {
    std::vector<std::string> names;
    std::string help = "Misbehave, to prove that it is found:";
    for (const deliberate_break& each : breaks) {
        names.emplace_back(each.name);
        help += fmt::format("\n{}: {}", each.name, each.about);
    }
    root.add_option("name", request.names, "Scenarios; all if none is named");
    root.add_flag("--short", request.only_short, "The selection for every change");
    root.add_flag("--list", list, "Name the scenarios");
    root.add_option("--runs", request.runs, "Each so many times")->check(CLI::PositiveNumber);
    root.add_option("--break", request.broken, help)->check(CLI::IsMember(names));
    root.add_flag("--keep", request.keep, "Keep the logs, and tell where");
}

int run(int argc, char** argv) {
    CLI::App root{"Real redis-server processes, real clients, and real faults."};
    client_request client;
    store_request store;
    run_request request;
    bool list = false;
    add_client(root, client);
    add_store(root, store);
    add_runner(root, request, list);
    try {
        root.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return root.exit(error) == 0 ? 0 : 64;
    }
    if (root.got_subcommand("client")) {
        return run_client(client);
    }
    if (root.got_subcommand("store")) {
        return serve_store(store);
    }
    if (list) {
        list_scenarios();
        return 0;
    }
    return run_scenarios(request);
}

}  // namespace
}  // namespace redlock::faults

int main(int argc, char** argv) {
    try {
        return redlock::faults::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "redlock_faults: {}\n", error.what());
        return 70;
    }
}
