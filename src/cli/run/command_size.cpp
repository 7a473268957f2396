#include "cli/run/command_size.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <limits>
#include <string>
#include <string_view>

#include "cli/commands/outer_lock.hpp"
#include "cli/process/spawn.hpp"
#include "cli/run/run_context.hpp"

namespace redlock::cli {

namespace {

/// With a token and numbers as long as there can be.
run_context longest_context(const run_options& options) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const std::string token(64, 'x');
    return {.resource = options.resource,
            .token = lock_token{token},
            .fencing = fencing_token{most},
            .node_urls = options.common.node_urls(),
            .configuration_file = options.common.configuration_file(),
            .outer = with_outer(outer_locks_of_environment(), options.resource, options.shape,
                                token, look_at_process(::getpid())),
            .slot = options.shape.permits,
            .also = options.shape.also};
}

std::string_view remedy(std::string_view variable) {
    return variable == "REDLOCK_RESOURCES" ? "give fewer names, or shorter ones"
           : variable == "REDLOCK_NODES"   ? "name fewer nodes, or shorter URLs"
           : variable == "REDLOCK_OUTER"   ? "run fewer redlocks inside one another"
                                           : "give a shorter command or fewer names, or allow more "
                                             "with ulimit -s";
}

}  // namespace

void check_command_size(const run_options& options) {
    const spawn_options program{.arguments = options.command,
                                .environment = longest_context(options).variables(),
                                .pass_on = {}};
    if (const auto over = excess_of(program)) {
        throw usage_error(fmt::format("run: {} would have {} bytes, and the system allows {}; {}",
                                      over->variable.empty()
                                          ? "COMMAND with its environment"
                                          : over->variable + " in the environment of COMMAND",
                                      over->bytes, over->limit, remedy(over->variable)));
    }
}

}  // namespace redlock::cli
