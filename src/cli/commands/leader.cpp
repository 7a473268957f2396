// `redlock leader`: who leads now, or each change of that.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <redlock/status.hpp>
#include <utility>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {

namespace {

struct leader_request {
    common_options common;
    std::string resource;
    bool watch = false;
    bool json = false;
};

struct leadership {
    leader_view leader;
    std::optional<std::chrono::milliseconds> remaining{};  ///< Of the lease; empty: not shown.
    bool is_blocked = false;  ///< Nobody can lead: the key of this name is no lock.
};

/// A leader holds an exclusive lock on a majority, as `redlock status` shows it: that of another
/// library is one too. Who wrote a key that is no lock has nothing that could be lost.
leadership leadership_of(const resource_status& status) {
    if (status.verdict != lock_verdict::held || status.mode != lock_mode::exclusive) {
        return {};
    }
    if (std::ranges::any_of(status.nodes, [&](const node_status& each) {
            return !each.key_message.empty() && each.holder == status.holder;
        })) {
        return {.leader = {}, .is_blocked = true};
    }
    return {.leader = {.token = status.holder,
                       .term = status.fencing,
                       .label = status.label,
                       .proclaimed = status.proclaimed,
                       .edition = status.edition},
            .remaining = status.remaining};
}

/// "scheduler: led by web3:812 scheduler, token 1796-5f, term 1796, 7.1s left, proclaims http://h".
std::string leader_line(const std::string& resource, const leadership& now) {
    const auto& [leader, remaining, is_blocked] = now;
    if (!leader) {
        return fmt::format("{}: nobody leads{}\n", printable(resource),
                           is_blocked ? ": the key of this name is no lock but something else, so "
                                        "that nobody can lead until it is deleted"
                                      : "");
    }
    const std::string token = fmt::format("token {}", printable(leader.token.str()));
    std::string line = fmt::format(
        "{}: led by {}", printable(resource),
        leader.label.empty() ? token : fmt::format("{}, {}", printable(leader.label), token));
    if (leader.term) {
        line += fmt::format(", term {}", leader.term.value());
    }
    if (remaining) {
        line += fmt::format(", {} left", format_duration(*remaining));
    }
    if (!leader.proclaimed.empty()) {
        line += fmt::format(", proclaims {}", printable(leader.proclaimed));
    }
    return line + "\n";
}

boost::json::object leader_to_json(const std::string& resource, const leadership& now) {
    const auto& [leader, remaining, is_blocked] = now;
    boost::json::object out;
    set_text(out, "resource", resource);
    set_text_or_null(out, "token", leader.token.str());
    set_fencing(out, "fencing_token", leader.term);
    set_text_or_null(out, "label", leader.label);
    set_text_or_null(out, "proclaimed", leader.proclaimed);
    out["remaining_ms"] = milliseconds_or_null(remaining);
    out["blocked"] = is_blocked;
    return out;
}

int say_unseen(const resource_status& status, const error_code& error) {
    diagnostics why{.message = "too few nodes answered to tell who leads", .nodes = {}};
    for (const node_status& each : status.nodes) {
        if (each.error) {
            const std::string message =
                each.message.empty() ? each.name : fmt::format("{}: {}", each.name, each.message);
            why.nodes.push_back({each.node, each.error, message});
        }
    }
    return say_resource_error(status.resource.str(), error, why, exit_contended);
}

asio::awaitable<int> show_leader(lock_manager& locks, const leader_request& request) {
    auto [error, status] = co_await locks.async_status(request.resource, awaited);
    if (error) {
        co_return say_resource_error(request.resource, error,
                                     {.message = status.message, .nodes = {}}, exit_contended);
    }
    if (status.verdict == lock_verdict::unknown) {
        co_return say_unseen(status, errc::no_quorum);
    }
    const leadership now = leadership_of(status);
    const bool shown = request.json ? print_result(leader_to_json(request.resource, now))
                                    : print(leader_line(request.resource, now));
    co_return !shown ? exit_output : now.leader ? exit_ok : exit_free;
}

/// Each is complete in itself. The object of a failure, or of the signal that ends all this, is
/// still due.
bool print_change(const leader_request& request, const leadership& now) {
    if (!request.json) {
        return print(leader_line(request.resource, now));
    }
    auto change = leader_to_json(request.resource, now);
    change["error"] = nullptr;
    change["code"] = nullptr;
    change["nodes"] = boost::json::array{};
    return print(json_line(change));
}

/// An observer does not tell whether a key without a term is a lock of another library, or none.
/// Empty if there is something else by now, or the watch is over: the observer tells of either.
asio::awaitable<std::optional<leadership>> looked_at(lock_manager& locks,
                                                     const leader_request& request,
                                                     const leader_view& seen) {
    if (!seen || seen.term) {
        co_return leadership{.leader = seen};
    }
    auto [error, status] = co_await locks.async_status(request.resource, awaited);
    if (error || status.verdict != lock_verdict::held || status.holder != seen.token) {
        co_return std::nullopt;
    }
    leadership now = leadership_of(status);
    now.remaining.reset();
    co_return now;
}

asio::awaitable<int> watch_leader(lock_manager& locks, const leader_request& request) {
    std::optional<leader_view> seen;
    for (;;) {
        auto [error, leader] = co_await locks.async_observe(request.resource, seen, awaited);
        if (error == asio::error::operation_aborted) {
            co_return exit_internal;  // The signal has its own status.
        }
        if (error == errc::no_quorum) {
            auto [unasked, status] = co_await locks.async_status(request.resource, awaited);
            co_return say_unseen(status, error);
        }
        if (error) {  // An observer does not say more.
            auto [unasked, status] = co_await locks.async_status(request.resource, awaited);
            co_return say_resource_error(request.resource, error,
                                         {.message = status.message, .nodes = {}}, exit_contended);
        }
        const auto now = co_await looked_at(locks, request, leader);
        if (!now) {
            continue;
        }
        seen = std::move(leader);
        if (!print_change(request, *now)) {
            co_return exit_output;
        }
    }
}

asio::awaitable<int> tell_of_leader(lock_manager& locks, const leader_request& request) {
    return request.watch ? watch_leader(locks, request) : show_leader(locks, request);
}

}  // namespace

void add_leader(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<leader_request>();
    auto* command = root.add_subcommand("leader", "Show who leads, or each change of that");
    command->footer(
        "The leader is the client that holds the exclusive lock of this name, as one of those\n"
        "that campaign for it with run --forever does. What is shown may be over already; only a\n"
        "store that checks the term, a fencing token, can refuse a former leader.\n\n"
        "Exit status: 0 somebody leads; 1 nobody leads; 69 unknown: too few nodes answered, with\n"
        "--watch for --quorum-timeout; 128+n with --watch: ended by signal n; 64 usage.");
    command->add_option("RESOURCE", request->resource, "The name that they campaign for")
        ->required()
        ->check(valid_resource());
    request->common.add_to(*command);
    auto* watch =
        command->add_flag("--watch", request->watch,
                          "Print a line now and one for each change of the leader, or of the text "
                          "that it proclaims, until a signal");
    request->common.add_quorum_timeout_to(*command);
    command->get_option("--quorum-timeout")->needs(watch);
    command->add_flag("--json", request->json, "Print a JSON object; with --watch one for a line");
    run_in_session(*command, asked, request, tell_of_leader);
}

}  // namespace redlock::cli
