// `redlock status`: what every node says of one resource, and the verdict.
#include <fmt/format.h>

#include <memory>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/shape_options.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"
#include "cli/output/table.hpp"

namespace redlock::cli {

namespace {

struct status_request {
    common_options common;
    shape_options shape;
    std::string resource;
    bool json = false;
};

int status_of(lock_verdict verdict) {
    switch (verdict) {
        case lock_verdict::held:
            return exit_ok;
        case lock_verdict::free:
            return exit_free;
        case lock_verdict::split:
            return exit_split;
        case lock_verdict::unknown:
            break;
    }
    return exit_no_quorum;
}

std::string verdict_line(const resource_status& status) {
    std::string line =
        fmt::format("{}: {}", printable(status.resource.str()), to_string(status.verdict));
    if (status.verdict == lock_verdict::held) {
        line += fmt::format(" by {}", status.mode == lock_mode::shared
                                          ? readers_in_words(status.reader_count)
                                          : printable(status.holder.str()));
        if (status.fencing) {
            line += fmt::format(", fencing token {}", status.fencing.value());
        }
        if (status.remaining) {
            line += fmt::format(", {} left", format_duration(*status.remaining));
        }
        if (!status.label.empty()) {
            line += fmt::format(" ({})", printable(status.label));
        }
        if (!status.proclaimed.empty()) {
            line += fmt::format(", proclaims {}", printable(status.proclaimed));
        }
    }
    return line + "\n";
}

std::vector<std::string> row(const node_status& node) {
    std::vector<std::string> cells{fmt::format("{}", node.node), printable(node.name)};
    if (node.error) {
        cells.emplace_back("no answer");
        cells.insert(cells.end(), 4, "-");
        cells.push_back(printable(node.message.empty() ? node.error.message() : node.message));
        return cells;
    }
    const bool held = !node.holder.empty();
    cells.emplace_back(held ? "held" : "free");
    cells.push_back(!held                            ? "-"
                    : node.mode == lock_mode::shared ? readers_in_words(node.reader_count)
                                                     : printable(node.holder.str()));
    cells.push_back(node.remaining ? format_duration(*node.remaining) : held ? "no expiry" : "-");
    cells.push_back(node.fencing ? fmt::format("{}", node.fencing.value()) : "-");
    cells.push_back(node.fence ? fmt::format("{}", node.fence.value()) : "-");
    cells.push_back(printable(node.label));
    return cells;
}

/// Those that a majority knows.
std::string reader_lines(const resource_status& status) {
    if (status.readers.empty()) {
        return {};
    }
    table readers{{"READER", "LEFT", "FENCING", "LABEL"}};
    for (const lock_holder& each : status.readers) {
        readers.add({printable(each.token.str()),
                     each.remaining ? format_duration(*each.remaining) : "no expiry",
                     each.fencing ? fmt::format("{}", each.fencing.value()) : "-",
                     printable(each.label)});
    }
    const std::size_t more = status.reader_count - status.readers.size();
    return readers.text() + (more == 0 ? "" : fmt::format("and {} more\n", more));
}

std::string vote_lines(const resource_status& status) {
    std::string lines;
    for (const node_status& node : status.nodes) {
        if (node.vote_error) {
            lines += fmt::format("node {} has no vote: {}: {}\n", node.node,
                                 node.vote_error.message(), printable(node.vote_message));
        }
        if (node.fence_ahead) {
            lines += fmt::format("node {} gives no vote for this resource: {}\n", node.node,
                                 printable(node.fence_message));
        }
        if (!node.key_message.empty()) {
            lines += fmt::format("node {} gives no vote for this resource: {}\n", node.node,
                                 printable(node.key_message));
        }
    }
    return lines;
}

std::string text_of(const resource_status& status) {
    table nodes{{"#", "NODE", "STATE", "HOLDER", "LEFT", "FENCING", "FENCE", "LABEL"}};
    for (const node_status& node : status.nodes) {
        nodes.add(row(node));
    }
    return verdict_line(status) + nodes.text() + reader_lines(status) + vote_lines(status);
}

std::string text_of(const semaphore_status& status) {
    table slots{{"SLOT", "STATE", "HOLDER", "LEFT", "FENCING", "LABEL"}};
    for (const resource_status& each : status.slots) {
        slots.add({fmt::format("{}", each.slot.value_or(0)), std::string{to_string(each.verdict)},
                   each.holder.empty() ? "-" : printable(each.holder.str()),
                   each.remaining ? format_duration(*each.remaining) : "-",
                   each.fencing ? fmt::format("{}", each.fencing.value()) : "-",
                   printable(each.label)});
    }
    return fmt::format("{}: {} of {} permits free\n", printable(status.name.str()),
                       status.count(lock_verdict::free), status.slots.size()) +
           slots.text() + (status.slots.empty() ? "" : vote_lines(status.slots.front()));
}

/// Free if any permit is, since that is what whoever wants one has to know.
lock_verdict verdict_of(const semaphore_status& status) {
    for (const lock_verdict each :
         {lock_verdict::free, lock_verdict::unknown, lock_verdict::split}) {
        if (status.count(each) > 0) {
            return each;
        }
    }
    return lock_verdict::held;
}

asio::awaitable<int> show_permits(lock_manager& locks, const status_request& request) {
    const semaphore asked{request.resource, request.shape.permits.value()};
    auto [error, status] = co_await locks.async_status(asked, awaited);
    if (error) {
        co_return say_resource_error(request.resource, error,
                                     {.message = status.message, .nodes = {}}, exit_contended);
    }
    if (status.remembered_permits.value_or(asked.permits) != asked.permits) {
        co_return say_resource_error(
            request.resource, errc::permits_mismatch,
            {.message = fmt::format("the semaphore has {} permits for other clients; ask for as "
                                    "many, by --permits {}",
                                    *status.remembered_permits, *status.remembered_permits),
             .nodes = {}},
            exit_contended);
    }
    const lock_verdict verdict = verdict_of(status);
    if (verdict == lock_verdict::unknown) {
        note_failure("no_quorum", "too few nodes answered to tell whether a permit is free");
    }
    boost::json::object out = to_json(status);
    out["verdict"] = to_string(verdict);
    const bool shown = request.json ? print_result(std::move(out)) : print(text_of(status));
    co_return shown ? status_of(verdict) : exit_output;
}

asio::awaitable<int> show(lock_manager& locks, const status_request& request) {
    if (request.shape.permits) {
        co_return co_await show_permits(locks, request);
    }
    auto [error, status] = co_await locks.async_status(request.resource, awaited);
    if (error) {
        co_return say_resource_error(request.resource, error,
                                     {.message = status.message, .nodes = {}}, exit_contended);
    }
    if (status.verdict == lock_verdict::unknown) {
        note_failure("no_quorum", "too few nodes answered to tell whether it is held");
    }
    const bool shown = request.json ? print_result(to_json(status)) : print(text_of(status));
    co_return shown ? status_of(status.verdict) : exit_output;
}

}  // namespace

void add_status(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<status_request>();
    auto* command = root.add_subcommand("status", "Show what every node says of a lock");
    command->footer(
        "FENCING is the holder's fencing token, FENCE the largest one that the node has seen. Of "
        "a\n"
        "shared lock, the readers that a majority knows are shown below the nodes. In\n"
        "names, control characters and bytes that are not UTF-8 are shown as \\xNN.\n\n"
        "Exit status: 0 held; 1 free; 2 split: an acquisition or a release is under way, or was "
        "cut\n"
        "short; 69 unknown: too few nodes answered; 64 usage. With --permits: 0 all permits are "
        "held; 1 "
        "one is free; 78 other clients use another number of permits.");
    command->add_option("RESOURCE", request->resource, "What to look at")
        ->required()
        ->check(valid_resource());
    request->common.add_to(*command);
    request->shape.add_permits_to(
        *command,
        "RESOURCE is a semaphore of N permits: show who holds which, and how many are free");
    command->add_flag("--json", request->json, "Print a JSON object");
    run_in_session(*command, asked, request, show);
}

}  // namespace redlock::cli
