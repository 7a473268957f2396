#include "cli/commands/vouch.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <redlock/lock_manager.hpp>

#include "cli/base/escape.hpp"
#include "cli/base/exit_status.hpp"
#include "cli/commands/awaited.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/options/common_options.hpp"
#include "cli/output/outcome.hpp"
#include "cli/output/report.hpp"
#include "cli/process/redis_process.hpp"

namespace redlock::cli {

namespace {

struct vouch_request {
    common_options common;
    std::optional<node_index> node;
    bool json = false;
};

CLI::Validator node_number() {
    return {[](const std::string& text) {
                constexpr std::size_t most_digits = 6;
                const bool is_number = !text.empty() && text.size() <= most_digits &&
                                       text.find_first_not_of("0123456789") == std::string::npos;
                // Not shown: it may be a URL that stands in the wrong place, password and all.
                return is_number ? std::string{}
                                 : std::string{
                                       "is not the number of a node, as `redlock status` "
                                       "shows it"};
            },
            ""};
}

asio::awaitable<int> vouch(lock_manager& locks, const vouch_request& request) {
    diagnostics details;
    vouch_options options;
    options.node = request.node;
    options.details = &details;
    auto [error] = co_await locks.async_vouch(options, awaited);
    if (error == errc::invalid_argument) {
        throw usage_error("vouch: " + details.message);
    }
    if (error) {
        co_return say_error("vouch", error, details, exit_contended);
    }
    co_return !request.json || print_result({{"vouched", true}}) ? exit_ok : exit_output;
}

}  // namespace

void vouch_for_new(const std::vector<std::string>& urls) {
    asio::io_context loop{1};
    lock_manager locks{loop.get_executor(), urls};
    diagnostics details;
    vouch_options options;
    options.details = &details;
    error_code failed;
    locks.async_vouch(options, [&](const error_code& error) {
        failed = error;
        locks.async_close([](const error_code&) {});
    });
    loop.run();
    if (failed) {
        throw redis_error("the servers do not take locks: " + printable(details.to_string()));
    }
}

void add_vouch(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<vouch_request>();
    auto* command =
        root.add_subcommand("vouch", "Give your word that no lock can have been forgotten");
    command->footer(
        "A node that was restarted, promoted or flushed may have forgotten locks that are still\n"
        "held, and has no vote until the longest of them must be over; so has one that is met for\n"
        "the first time and was started lately. `redlock status` shows for how long. If you know\n"
        "that no lock can have been held there, because the node is new or because all its "
        "clients\n"
        "were idle for --max-lease-time, this makes it vote at once. It also makes the node "
        "forget\n"
        "the settings of its clients, for when they were all stopped to be given others. Where "
        "your\n"
        "word is not true, two clients may come to hold one lock.\n\n"
        "Exit status: 0 every node took it; 69 not all did; 64 usage.");
    command
        ->add_option("NODE", request->node,
                     "Its number as redlock status shows it (default: all nodes)")
        // Before it is read as an unsigned number, where a negative one would wrap round.
        ->check(node_number())
        ->type_name("N");
    request->common.add_to(*command);
    command->add_flag("--json", request->json, "Print a JSON object");
    run_in_session(*command, asked, request, vouch);
}

}  // namespace redlock::cli
