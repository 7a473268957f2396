// `redlock exporter`: metrics of nodes and locks for Prometheus.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/base/duration.hpp"
#include "cli/commands/session.hpp"
#include "cli/commands/subcommands.hpp"
#include "cli/exporter/exporter.hpp"

namespace redlock::cli {

namespace {

constexpr std::chrono::milliseconds shortest_interval{100};

/// Before any node is asked.
void check(const exporter_request& request) {
    static_cast<void>(listening_address(request.listen));
    if (request.interval && *request.interval < shortest_interval) {
        throw usage_error(
            fmt::format("--interval: {} is too short: at least {}, since each node is "
                        "asked some fifty times",
                        format_duration(*request.interval), format_duration(shortest_interval)));
    }
}

#if !defined(REDLOCK_HAS_EXPORTER)
asio::awaitable<int> refuse(lock_manager& /*locks*/, const exporter_request& /*request*/) {
    throw usage_error(
        "exporter: this redlock was built without prometheus-cpp, and so without its exporter; the "
        "Debian package has it, and so has a build with -DREDLOCK_PROMETHEUS=ON");
    co_return 0;
}
#endif

}  // namespace

void add_exporter(CLI::App& root, invocation& asked) {
    auto request = std::make_shared<exporter_request>();
    auto* command = root.add_subcommand("exporter", "Serve metrics of nodes and locks");
    command->footer(
        "Serves /metrics for Prometheus, /healthz (200 while the exporter runs) and /readyz (200\n"
        "while a quorum of the nodes gives votes, else 503) over HTTP, without encryption and\n"
        "without a password. Asks the nodes every --interval, and answers with what it saw last.\n"
        "Only reads. The first line on standard error has the address. Runs until a signal.\n\n"
        "Exit status: 128+n after signal n; 64 usage, or the address cannot be used.");
    request->common.add_to(*command);
    command
        ->add_option("--listen", request->listen,
                     "Where to listen (default 127.0.0.1:9633); port 0: a free one")
        ->type_name("ADDRESS:PORT");
    add_duration(*command, "--interval", request->interval,
                 "How often the nodes are asked (default 10s)");
    command
        ->add_option("--resource", request->patterns,
                     "Also show the locks that match this Redis glob; may be given several times. "
                     "Each lock is some time series: choose few")
        ->check(filled_in("a pattern"))
        ->type_name("PATTERN")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command
        ->add_option("--max-resources", request->most_locks,
                     "How many locks of each pattern at most (default 100)")
        ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
        ->type_name("N");
    command->callback([request, &asked] {
        asked.action = [request] {
            request->common.apply();
            check(*request);
            return run_session(request->common, [&](lock_manager& locks) {
#if defined(REDLOCK_HAS_EXPORTER)
                return run_exporter(locks, *request);
#else
                return refuse(locks, *request);
#endif
            });
        };
    });
}

}  // namespace redlock::cli
