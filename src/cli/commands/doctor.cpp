// `redlock doctor`: looks at every node and says what to change.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <iterator>
#include <memory>
#include <redlock/lock_manager.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/base/console.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/permit_findings.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/common_options.hpp"
#include "cli/options/shape_options.hpp"
#include "cli/output/doctor_report.hpp"
#include "cli/output/json_output.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"

namespace redlock::cli {

namespace {

struct doctor_request {
    common_options common;
    std::string resource;
    shape_options shape;
    std::size_t samples = examine_options{}.samples;
    bool strict = false;
    bool json = false;
};

int show(const diagnosis& found, const doctor_request& request) {
    if (const finding* const reason = reason_for_no_lock(found)) {
        note_failure(reason->code == "same_server" ? "same_server_twice" : reason->code,
                     reason->what);
    }
    const bool shown =
        request.json ? print_result(to_json(found)) : print(describe(found, may_colour_output()));
    return shown ? status_of(found, request.strict) : exit_output;
}

asio::awaitable<int> examine(lock_manager& locks, const doctor_request& request) {
    diagnostics details;
    const auto permits = request.shape.permits;
    const examine_options options{.samples = request.samples,
                                  .resource = permits ? std::string_view{} : request.resource,
                                  .details = &details};
    auto [error, nodes] = co_await locks.async_examine(options, awaited);
    if (error) {
        co_return say_error("doctor", error, details, exit_contended);
    }
    diagnosis found;
    found.findings = diagnose(nodes, request.common.manager());
    found.nodes = std::move(nodes);
    if (permits) {
        auto [wrong, seen] =
            co_await locks.async_status(semaphore{request.resource, *permits}, awaited);
        if (wrong) {
            co_return say_error("doctor", wrong, {.message = seen.message, .nodes = {}},
                                exit_contended);
        }
        std::ranges::move(judge_permits(seen, *permits, found.nodes),
                          std::back_inserter(found.findings));
    }
    co_return show(found, request);
}

/// A URL that stands there twice, word for word: no manager takes such a list.
diagnosis find_repeated(const std::vector<std::string>& urls) {
    const node_list list{urls};
    const auto& all = list.endpoints();
    diagnosis found;
    for (node_index node = 0; node < all.size(); ++node) {
        const auto here = all.begin() + static_cast<std::ptrdiff_t>(node);
        const auto same = std::find(all.begin(), here, *here);
        if (same != here) {
            found.findings.push_back({finding_level::problem, "same_server", node,
                                      fmt::format("{} is listed as node {} already",
                                                  here->to_string(), same - all.begin()),
                                      "its vote would count twice, so this list is refused",
                                      "list each server once"});
        }
    }
    return found;
}

int run_doctor(const doctor_request& request) {
    const diagnosis repeated = find_repeated(request.common.node_urls());
    if (!repeated.findings.empty()) {
        return show(repeated, request);
    }
    return run_session(request.common,
                       [&](lock_manager& locks) { return examine(locks, request); });
}

}  // namespace

void add_doctor(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<doctor_request>();
    auto* command = root.add_subcommand("doctor", "Check the nodes and say what to change");
    command->footer(
        "For each node: whether it answers and how fast, version, role, whether it is listed "
        "twice,\n"
        "eviction, persistence, clock, the rights of its user, scripts, client tracking, "
        "replicas,\n"
        "whether it has a vote. Levels: ok, note, warning (locks work, but something is lost),\n"
        "problem (its vote is missing, or a promise does not hold). Changes nothing.\n\n"
        "Exit status: 0 no problem; 1 a problem, with --strict also a warning; 69 no lock can be "
        "had,\n"
        "or none of the resource: too few nodes give votes, one server is listed twice, or other\n"
        "clients use another number of nodes, or of permits; 64 usage.");
    request->common.add_to(*command);
    command
        ->add_option("--samples", request->samples,
                     "Round trips to measure on each node (default 100)")
        ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
        ->type_name("N");
    auto* resource =
        command
            ->add_option("--resource", request->resource,
                         "Also check that the user may use the key of this resource, and its fence")
            ->check(valid_resource())
            ->type_name("NAME");
    request->shape.add_permits_to(
        *command, "The resource is a semaphore of N permits: check the keys of its slots");
    command->get_option("--permits")->needs(resource);
    command->add_flag("--strict", request->strict, "Let warnings count as problems");
    command->add_flag("--json", request->json, "Print a JSON object");
    command->callback([request, &asked] {
        asked.action = [request] {
            request->common.apply();
            return run_doctor(*request);
        };
    });
}

}  // namespace redlock::cli
