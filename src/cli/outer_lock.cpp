// The nodes are asked, and not only the environment: that outlives the lock in a daemon which was
// started under it and left running, and on other nodes the same name is another lock. A token is
// drawn at random, so that whatever nodes know it know the very lock.
#include "cli/outer_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "cli/awaited.hpp"
#include "cli/environment.hpp"
#include "cli/escape.hpp"
#include "cli/exit_status.hpp"
#include "cli/report.hpp"
#include "cli/run_context.hpp"
#include "cli/session.hpp"
#include "cli/spawn.hpp"

namespace redlock::cli {

namespace {

std::string variable(const char* name) {
    return std::string{environment_value(name).value_or("")};
}

asio::awaitable<int> look(lock_manager& locks, const std::string& resource,
                          std::optional<lock_holder>& holder) {
    auto [error, status] = co_await locks.async_status(resource, awaited);
    if (!error) {
        holder = status.held_by();
    }
    co_return exit_ok;
}

/// The outer redlock goes on renewing the lock, and ends us with all that it started if it is lost.
int become_command(const run_options& options, const lock_holder& outer) {
    const run_context context{.resource = options.resource,
                              .token = outer.token,
                              .fencing = outer.fencing,
                              .node_urls = options.common.node_urls(),
                              .configuration_file = options.common.configuration_file(),
                              .outer = outer_locks_of_environment()};
    const spawn_options program{
        .arguments = options.command, .environment = context.variables(), .pass_on = {}};
    const int cause = prepared_program{program}.replace_us();
    say(spawn_error::text(options.command.front(), cause));
    return cause == ENOENT ? exit_not_found : exit_cannot_execute;
}

}  // namespace

std::string with_outer_lock(std::string_view known, std::string_view resource,
                            std::string_view token) {
    return fmt::format("{}{}{}:{}", known, known.empty() ? "" : " ", to_hex(resource), token);
}

std::vector<lock_token> outer_tokens(std::string_view known, std::string_view resource) {
    const std::string begin = to_hex(resource) + ":";
    std::vector<lock_token> tokens;
    while (!known.empty()) {
        const auto blank = std::min(known.find(' '), known.size());
        const std::string_view entry = known.substr(0, blank);
        if (entry.starts_with(begin)) {
            tokens.emplace_back(std::string{entry.substr(begin.size())});
        }
        known.remove_prefix(std::min(blank + 1, known.size()));
    }
    return tokens;
}

std::string outer_locks_of_environment() {
    const std::string further = variable("REDLOCK_OUTER");
    const std::string token = variable("REDLOCK_TOKEN");
    return token.empty() ? further : with_outer_lock(further, variable("REDLOCK_RESOURCE"), token);
}

std::optional<int> run_within_outer_lock(const run_options& options) {
    const auto ours = outer_tokens(outer_locks_of_environment(), options.resource);
    if (ours.empty()) {
        return std::nullopt;
    }
    std::optional<lock_holder> holder;
    const int interrupted = run_session(
        options.common, [&](lock_manager& locks) { return look(locks, options.resource, holder); });
    if (interrupted != exit_ok) {
        return interrupted;
    }
    if (!holder || std::find(ours.begin(), ours.end(), holder->token) == ours.end()) {
        return std::nullopt;
    }
    if (options.reentrant) {
        return become_command(options, *holder);
    }
    say(
        fmt::format("{}: this command runs under that lock already and would wait for itself; run "
                    "the inner one with --reentrant, or give it another lock",
                    printable(options.resource)));
    return exit_usage;
}

}  // namespace redlock::cli
