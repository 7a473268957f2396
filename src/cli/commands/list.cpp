// `redlock list`: the locks that are held, found by SCAN.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/base/console.hpp"
#include "cli/base/duration.hpp"
#include "cli/base/escape.hpp"
#include "cli/base/events.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/held_locks.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"
#include "cli/output/table.hpp"

namespace redlock::cli {

namespace {

struct list_request {
    common_options common;
    std::string pattern;
    bool all = false;
    bool json = false;
};

/// At least as many as were found: of a semaphore up to the largest that is held.
std::size_t slots_of(const std::vector<semaphore>& semaphores) {
    std::size_t all = 0;
    for (const semaphore& each : semaphores) {
        all += each.permits;
    }
    return all;
}

std::string text_of(const std::vector<resource_status>& found) {
    if (found.empty()) {
        return {};
    }
    const bool any_permit = std::ranges::any_of(
        found, [](const resource_status& each) { return each.slot.has_value(); });
    std::vector<std::string> header{"RESOURCE", "VERDICT", "HOLDER", "LEFT", "FENCING", "LABEL"};
    if (any_permit) {
        header.insert(header.begin() + 1, "SLOT");
    }
    table locks{std::move(header)};
    for (const resource_status& each : found) {
        std::vector<std::string> row{printable(each.resource.str()),
                                     std::string{to_string(each.verdict)},
                                     each.mode == lock_mode::shared
                                         ? readers_in_words(each.reader_count)
                                     : each.holder.empty() ? "-"
                                                           : printable(each.holder.str()),
                                     each.remaining ? format_duration(*each.remaining) : "-",
                                     each.fencing ? fmt::format("{}", each.fencing.value()) : "-",
                                     printable(each.label)};
        if (any_permit) {
            row.insert(row.begin() + 1, each.slot ? fmt::format("{}", *each.slot) : "-");
        }
        locks.add(std::move(row));
    }
    return locks.text();
}

asio::awaitable<int> list(lock_manager& locks, const list_request& request) {
    diagnostics details;
    list_options options;
    options.pattern = request.pattern;
    options.details = &details;
    auto [error, names] = co_await locks.async_list(options, awaited);
    if (error) {
        co_return say_error("list", error, details, exit_contended);
    }
    auto [other_error, semaphores] = co_await locks.async_list_semaphores(options, awaited);
    if (other_error) {
        co_return say_error("list", other_error, details, exit_contended);
    }
    const bool complete = names.size() < options.limit && slots_of(semaphores) < options.limit;
    if (!complete) {
        say({.level = severity::warning,
             .event = events::incomplete_list,
             .text = fmt::format(
                 "perhaps not all are listed: the search ends after {} {}; give a pattern",
                 options.limit, names.size() < options.limit ? "permits" : "locks")});
    }
    const found_names all{std::move(names), std::move(semaphores)};
    seen_locks seen = co_await look_at(locks, all);
    if (seen.error) {
        co_return say_error("list", seen.error, {}, exit_contended);
    }
    if (!request.all) {
        std::erase_if(seen.found, [](const resource_status& each) {
            return each.verdict == lock_verdict::free;
        });
    }
    const bool shown =
        request.json
            ? print_result({{"locks", array_of(seen.found, to_json)}, {"complete", complete}})
            : print(text_of(seen.found));
    co_return shown ? exit_ok : exit_output;
}

}  // namespace

void add_list(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<list_request>();
    auto* command = root.add_subcommand("list", "List the locks that are held");
    command->footer(
        "Without a pattern: all locks and permits taken by this library or command. With one, a "
        "glob of "
        "Redis:\n"
        "all keys that match it, so that other libraries' locks are found too. Uses SCAN, never\n"
        "KEYS. The search ends after 10000 locks, and after 10000 permits; then it says so, and "
        "complete is false in JSON.\n"
        "A permit stands under its semaphore's name, with its slot. With --json an object "
        "whose locks are what redlock status --json prints.\n\n"
        "Exit status: 0 listed, even if there is none; 69 too few nodes answered; 64 usage.");
    command->add_option("PATTERN", request->pattern, "Redis glob over lock keys, e.g. 'orders:*'");
    request->common.add_to(*command);
    command->add_flag("-a,--all", request->all, "Also show those that were locked lately");
    command->add_flag("--json", request->json, "Print a JSON object");
    run_in_session(*command, asked, request, list);
}

}  // namespace redlock::cli
