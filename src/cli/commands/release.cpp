// `redlock release`: gives back a lock taken with `redlock acquire`.

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

struct release_request {
    common_options common;
    shape_options shape;
    std::string resource;
    std::string token;
    bool json = false;
};

int answer_of(const release_request& request, bool released) {
    if (!released) {
        say_gone(request.shape.title(request.resource));
    }
    if (request.json) {
        boost::json::object out;
        set_text(out, "resource", request.resource);
        set_text(out, "token", request.token);
        out["released"] = released;
        if (!print_result(std::move(out))) {
            return exit_output;
        }
    }
    return released ? exit_ok : exit_gone;
}

/// A lock of several names that has lost one of them is gone, but its token still has the others.
asio::awaitable<void> release_the_rest(lock_manager& locks, const release_request& request) {
    acquire_options options;
    options.renew = false;
    const lock_token token{request.token};
    for (const resource_name& each : request.shape.names(request.resource)) {
        auto [error, part] = co_await locks.async_attach(each, token, options, awaited);
        if (!error) {
            co_await part.async_release(awaited);
        }
    }
}

asio::awaitable<int> release(lock_manager& locks, const release_request& request) {
    diagnostics details;
    acquire_options options;
    options.renew = false;
    options.details = &details;
    auto attaching =
        begin_attach(locks, request.resource, request.shape, request.shape.chosen("release", false),
                     request.token, options, awaited);
    auto [attach_error, held] = co_await std::move(attaching);
    if (attach_error == errc::lost) {
        if (!request.shape.also.empty()) {
            co_await release_the_rest(locks, request);
        }
        co_return answer_of(request, false);
    }
    if (attach_error) {
        co_return say_resource_error(request.shape.title(request.resource), attach_error, details,
                                     exit_contended);
    }
    auto [error] = co_await held.async_release(awaited);
    if (error && error != errc::lost) {
        co_return say_resource_error(request.shape.title(request.resource), error,
                                     held.last_error(), exit_contended);
    }
    co_return answer_of(request, !error);
}

}  // namespace

void add_release(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<release_request>();
    auto* command = root.add_subcommand("release", "Give a lock back");
    command->footer(
        "Prints nothing, or with --json an object with resource, token and released.\n\n"
        "Exit status: 0 released; 1 it was already gone, so somebody else may have held it\n"
        "meanwhile; 69 too few nodes answered; 64 usage; 78 other clients use\n"
        "another number of nodes or of permits.");
    command->add_option("RESOURCE", request->resource, "What is locked")
        ->required()
        ->check(valid_resource());
    command->add_option("TOKEN", request->token, "As printed by redlock acquire")->required();
    request->common.add_to(*command);
    command->add_flag("--json", request->json, "Print a JSON object");
    request->shape.add_permits_to(*command, "What is held is one of the N permits of RESOURCE");
    request->shape.add_also_to(*command,
                               "What is held is one lock of RESOURCE and this one; give all that "
                               "it was acquired with");
    command->parse_complete_callback(
        [request] { static_cast<void>(request->shape.chosen("release", false)); });
    run_in_session(*command, asked, request, release);
}

}  // namespace redlock::cli
