// The library and the two floors as contenders among the peers, one a run; see
// bench/peers/README.md.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <redlock/redlock.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/floor.hpp"
#include "bench/peers/cpp/library_workers.hpp"
#include "bench/peers/cpp/protocol.hpp"
#include "bench/vouch.hpp"

namespace {

constexpr std::string_view floor_version = "-";

void run_library(const bench::peer_task& task, const std::vector<redlock::endpoint>& nodes,
                 bool fencing) {
    bench::vouch_for(nodes);
    redlock::manager_options options;
    options.fencing = fencing;
    bench::library_workers workers{nodes, task, options};
    workers.settle();
    workers.run(task.warm_up);
    bench::wait_for_go();
    const auto outcome = workers.run(task.length);
    bench::print_outcome(task, task.contender, redlock::version(), outcome);
    if (outcome.unfinished > 0) {
        std::quick_exit(EXIT_SUCCESS);  // The destructor would wait for what does not end.
    }
}

void run_floor(const bench::peer_task& task, const std::vector<redlock::endpoint>& nodes,
               bench::floor_kind kind) {
    if (task.workload != "cycles") {
        throw std::invalid_argument("a floor has no lock logic: it only runs cycles");
    }
    std::vector<bench::bare_node> bare;
    bare.reserve(nodes.size());
    for (const redlock::endpoint& where : nodes) {
        bare.emplace_back(where);
    }
    bench::floor lowest{kind, bare, nodes.size(), task.at_once, task.names};
    lowest.run(task.warm_up);
    const std::size_t warm = lowest.latencies().size();
    bench::wait_for_go();
    const auto measured = lowest.run(task.length);
    bench::peer_outcome outcome;
    // A batch in which a reply is wrong may count as several errors; the figures then mean nothing.
    outcome.cycles = measured.cycles - std::min(measured.cycles, measured.errors);
    outcome.errors = measured.errors;
    outcome.elapsed = measured.elapsed;
    outcome.busy = measured.busy;
    outcome.waits.assign(lowest.latencies().begin() + static_cast<std::ptrdiff_t>(warm),
                         lowest.latencies().end());
    bench::print_outcome(task, task.contender, floor_version, outcome);
}

int run(const bench::peer_task& task) {
    const auto nodes = redlock::node_list{task.nodes}.endpoints();
    if (task.contender == "redlock") {
        run_library(task, nodes, true);
    } else if (task.contender == "redlock-unfenced") {
        run_library(task, nodes, false);
    } else if (task.contender == "plain-floor") {
        run_floor(task, nodes, bench::floor_kind::plain);
    } else if (task.contender == "own-floor") {
        run_floor(task, nodes, bench::floor_kind::own);
    } else {
        throw std::invalid_argument(
            "--contender is redlock, redlock-unfenced, plain-floor or own-floor");
    }
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** values) {
    try {
        return run(bench::read_peer_task(count, values));
    } catch (const std::invalid_argument& mistake) {
        fmt::print(stderr, "redlock_peer: {}\n", mistake.what());
        return 64;
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redlock_peer: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
