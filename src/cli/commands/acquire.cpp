// `redlock acquire`: takes a lock for a script, which gives it back with `redlock release`. Nobody
// renews it, so the lease time is how long the script has.
#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <memory>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/acquiring.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/outer_lock.hpp"
#include "cli/commands/refusal.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/stuck_permits.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"

namespace redlock::cli {

namespace {

struct acquire_request {
    common_options common;
    wait_options wait;
    shape_options shape;
    std::string resource;
    std::optional<std::chrono::nanoseconds> lease_time;
    bool json = false;
};

bool show(const lock& held, const acquire_request& request) {
    if (request.json) {
        return print_result(to_json(held, request.resource));
    }
    const std::string slot = held.slot() ? fmt::format(" {}", *held.slot()) : std::string{};
    return print(fmt::format("{} {}{}\n", held.token().str(), held.fencing_token().value(), slot));
}

asio::awaitable<int> acquire(lock_manager& locks, const acquire_request& request) {
    diagnostics details;
    acquire_options options = request.wait.acquire(request.common.configured());
    options.lease_time = request.common.lease_time(request.lease_time);
    options.details = &details;
    auto acquiring =
        begin_acquire(locks, request.resource, request.shape,
                      request.shape.chosen("acquire", request.wait.shared), options, awaited);
    auto [error, held] = co_await std::move(acquiring);
    if (error) {
        const auto stuck = co_await stuck_permits(locks, request.resource, request.shape, error);
        const auto state = co_await asio::this_coro::cancellation_state;
        co_return state.cancelled() != asio::cancellation_type::none
            ? exit_internal  // The session turns it into 128+n.
            : say_refusal(request.shape.title(request.resource), error, details, request.wait,
                          stuck);
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool interrupted = state.cancelled() != asio::cancellation_type::none;
    if (!interrupted && show(held, request)) {
        held.detach();
        co_return exit_ok;
    }
    // Nobody knows the token, so nobody could release it.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await held.async_release(awaited);
    if (!interrupted) {
        say("nobody knows the token, so the lock was released");
    }
    co_return exit_output;
}

}  // namespace

void add_acquire(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<acquire_request>();
    auto* command = root.add_subcommand("acquire", "Take a lock and print its token");
    command->footer(
        "Prints \"TOKEN FENCING_TOKEN\", with --permits \"TOKEN FENCING_TOKEN SLOT\", or with "
        "--json "
        "an object\n"
        "with resource, token, fencing_token, mode, valid_for_ms and, where there are, slot and "
        "resources. The lock ends with its lease time unless it is "
        "extended.\n\n"
        "-E 0 is refused: a script would go on as if it had the lock.\n\n"
        "Exit status: 0 acquired; 75 somebody else holds it, or the wait ran out (see -E); 69 too\n"
        "few nodes answered; 74 the token could not be written, nothing is held; 64 usage; 78 two\n"
        "nodes are the same server, or other clients use another number of nodes or permits; 128+n "
        "after "
        "signal n, nothing is held.");
    command->add_option("RESOURCE", request->resource, "What to lock: a Redis key")
        ->required()
        ->check(valid_resource());
    request->common.add_to(*command);
    request->wait.add_to(*command);
    request->shape.add_permits_to(
        *command,
        "Take one of N permits, of which others may have the rest; all must give the "
        "same N");
    request->shape.add_also_to(*command,
                               "Take this lock together with that of the first RESOURCE, both or "
                               "none; may be given up to 63 times");
    request->common.add_quorum_timeout_to(*command);
    request->common.add_fencing_to(*command);
    add_duration(*command, "--lease-time", request->lease_time,
                 "How long the nodes keep the lock (default 10s)");
    command->add_flag("--json", request->json, "Print a JSON object");
    command->callback([request, &asked] {
        if (request->wait.conflict_status == exit_ok) {
            throw usage_error(
                "acquire: with -E 0 a script would go on as if it had the lock; choose another "
                "status, and --quiet-contention if nothing is to be said");
        }
        static_cast<void>(request->shape.chosen("acquire", request->wait.shared));
        asked.action = [request] {
            request->common.apply();
            if (const auto refused = refused_within_outer_locks(
                    request->common, request->resource, request->shape,
                    request->wait.shared ? lock_mode::shared : lock_mode::exclusive,
                    "acquire another lock")) {
                return *refused;
            }
            return run_session(request->common,
                               [&](lock_manager& locks) { return acquire(locks, *request); });
        };
    });
}

}  // namespace redlock::cli
