// `redlock extend`: gives a lock taken with `redlock acquire` a new lease time.

#include <memory>
#include <utility>

#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/acquiring.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {

namespace {

struct extend_request {
    common_options common;
    shape_options shape;
    std::string resource;
    std::string token;
    std::optional<std::chrono::nanoseconds> lease_time;
    bool json = false;
};

int gone(const extend_request& request) {
    say_gone(request.shape.title(request.resource));
    return exit_gone;
}

asio::awaitable<int> extend(lock_manager& locks, const extend_request& request) {
    const auto lease_time = request.common.lease_time(request.lease_time);
    diagnostics details;
    acquire_options options;
    options.renew = false;
    options.details = &details;
    auto attaching =
        begin_attach(locks, request.resource, request.shape, request.shape.chosen("extend", false),
                     request.token, options, awaited);
    auto [attach_error, held] = co_await std::move(attaching);
    if (attach_error == errc::lost) {
        co_return gone(request);
    }
    if (attach_error) {
        co_return say_resource_error(request.shape.title(request.resource), attach_error, details,
                                     exit_contended);
    }
    auto [error] = co_await held.async_extend(lease_time, awaited);
    const diagnostics why = held.last_error();
    boost::json::object out = to_json(held, request.resource);
    held.detach();  // Whatever came of it, the lock is the script's and not ours to release.
    if (error == errc::lost) {
        co_return gone(request);
    }
    if (error) {
        co_return say_resource_error(request.shape.title(request.resource), error, why,
                                     exit_contended);
    }
    co_return !request.json || print_result(std::move(out)) ? exit_ok : exit_output;
}

}  // namespace

void add_extend(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<extend_request>();
    auto* command = root.add_subcommand("extend", "Give a lock a new lease time");
    command->footer(
        "Never shortens a lease. Prints nothing, or with --json an object with resource, token,\n"
        "fencing_token, mode, valid_for_ms and, where there are, slot and resources.\n\n"
        "Exit status: 0 extended; 1 it was already gone; 69 too few nodes answered: it is held "
        "until\n"
        "its old lease ends, try again; 64 usage; 78 other clients use\n"
        "another number of nodes or of permits.");
    command->add_option("RESOURCE", request->resource, "What is locked")
        ->required()
        ->check(valid_resource());
    command->add_option("TOKEN", request->token, "As printed by redlock acquire")->required();
    request->common.add_to(*command);
    add_duration(*command, "--lease-time", request->lease_time,
                 "How long the nodes keep the lock from now on (default 10s)");
    command->add_flag("--json", request->json, "Print a JSON object");
    request->shape.add_permits_to(*command, "What is held is one of the N permits of RESOURCE");
    request->shape.add_also_to(*command,
                               "What is held is one lock of RESOURCE and this one; give all that "
                               "it was acquired with");
    command->parse_complete_callback(
        [request] { static_cast<void>(request->shape.chosen("extend", false)); });
    run_in_session(*command, asked, request, extend);
}

}  // namespace redlock::cli
