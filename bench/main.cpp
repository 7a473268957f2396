// The benchmark: how near the library comes to what the servers can do at all, and how well a lock
// that many want is handed over. It measures, prints and judges; what is measured lies in the files
// beside it. The same executable is also the process of the workers that want the lock.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <ranges>
#include <redlock/redlock.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/arguments.hpp"
#include "bench/cells.hpp"
#include "bench/frozen.hpp"
#include "bench/hand_over.hpp"
#include "bench/hand_over_worker.hpp"
#include "bench/report.hpp"
#include "bench/sizes.hpp"
#include "bench/terms_cost.hpp"

namespace {

constexpr int exit_usage = 64;

std::vector<redlock::endpoint> nodes_from_environment() {
    const char* listed = std::getenv("REDLOCK_NODES");
    std::vector<std::string> urls;
    if (listed == nullptr || *listed == '\0') {
        urls.emplace_back("redis://localhost:6379");
    } else {
        for (const auto part : std::views::split(std::string_view{listed}, ',')) {
            urls.emplace_back(part.begin(), part.end());
        }
    }
    return redlock::node_list{urls}.endpoints();
}

int run_frozen(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    const auto result = bench::measure_frozen(nodes, asked.how);
    asked.json ? bench::print_frozen_json(result) : bench::print_frozen(result);
    return result.passed() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_floors(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    const double seconds = asked.seconds.value_or(bench::floors_seconds);
    if (!asked.json) {
        bench::print_table_head(asked.how, seconds);
    }
    std::vector<bench::cell> cells;
    std::size_t errors = 0;
    for (const std::size_t at_once : {1U, 64U}) {
        for (const std::size_t count : {1U, 3U, 5U}) {
            if (count > nodes.size()) {
                continue;
            }
            const auto& measured =
                cells.emplace_back(bench::measure(nodes, count, at_once, asked.how, seconds));
            errors += measured.plain.errors + measured.own.errors + measured.ours.errors;
            if (!asked.json) {
                bench::print_table_line(measured);
            }
        }
    }
    if (asked.json) {
        bench::print_json(cells, asked.how);
    } else if (nodes.size() < 5) {
        fmt::print("\nREDLOCK_NODES names {}; with 5 the table is whole.\n", nodes.size());
    }
    return errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_options(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    const double seconds = asked.seconds.value_or(bench::options_seconds);
    if (!asked.json) {
        bench::print_terms_head(asked.how, seconds);
    }
    std::vector<bench::terms_line> lines;
    std::size_t errors = 0;
    for (const std::size_t at_once : {1U, 64U}) {
        for (const std::size_t count : {1U, 3U}) {
            if (count > nodes.size()) {
                continue;
            }
            const auto& measured =
                lines.emplace_back(bench::measure_terms(nodes, count, at_once, asked.how, seconds));
            errors += measured.errors;
            if (!asked.json) {
                bench::print_terms_line(measured);
            }
        }
    }
    if (asked.json) {
        bench::print_terms_json(lines);
    }
    return errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_hand_over(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    const double seconds = asked.seconds.value_or(bench::hand_over_seconds);
    if (!asked.json) {
        bench::print_hand_over_head(seconds);
    }
    std::vector<bench::hand_over_line> lines;
    bool passed = true;
    for (const bench::hand_over_load& load : bench::hand_over_loads()) {
        const auto& measured = lines.emplace_back(bench::measure_hand_over(nodes, load, seconds));
        passed = passed && measured.passed();
        if (!asked.json) {
            bench::print_hand_over_line(measured);
        }
    }
    if (asked.json) {
        bench::print_hand_over_json(lines);
    }
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_suite(const std::vector<redlock::endpoint>& nodes, bench::series_suite suite,
              const bench::arguments& asked) {
    const bool passed =
        bench::run_series(nodes, {.suite = suite,
                                  .plan = {.seconds = asked.seconds, .largest = asked.largest},
                                  .series = asked.series,
                                  .json = asked.json,
                                  .html = asked.html});
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_both(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    const int floors = run_floors(nodes, asked);
    if (nodes.size() < bench::hand_over_nodes) {
        fmt::print(stderr, "redlock_bench: no hand-over, which wants three nodes\n");
        return floors;
    }
    if (!asked.json) {
        fmt::print("\n");
    }
    const int hand_over = run_hand_over(nodes, asked);
    return floors != EXIT_SUCCESS ? floors : hand_over;
}

int run(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    switch (asked.chosen) {
        case bench::part::floors_and_hand_over:
            return run_both(nodes, asked);
        case bench::part::floors:
            return run_floors(nodes, asked);
        case bench::part::hand_over:
            if (nodes.size() < bench::hand_over_nodes) {
                throw std::runtime_error("--hand-over wants three nodes in REDLOCK_NODES");
            }
            return run_hand_over(nodes, asked);
        case bench::part::frozen:
            return run_frozen(nodes, asked);
        case bench::part::options:
            return run_options(nodes, asked);
        case bench::part::sizes:
            return run_suite(nodes, bench::series_suite::sizes, asked);
        case bench::part::shapes:
            return run_suite(nodes, bench::series_suite::shapes, asked);
    }
    return exit_usage;
}

/// The nodes of the process that measures, which takes the first of those that are listed.
int run_worker(const bench::worker_task& task) {
    auto nodes = nodes_from_environment();
    nodes.resize(std::min(nodes.size(), bench::hand_over_nodes));
    bench::run_worker(task, nodes);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** values) {
    try {
        if (const auto task = bench::worker_task_from(count, values)) {
            return run_worker(*task);
        }
        const auto asked = bench::read_arguments(count, values);
        if (!asked.mistake.empty()) {
            fmt::print(stderr, "redlock_bench: {}\n{}", asked.mistake, bench::usage);
            return exit_usage;
        }
        if (asked.help) {
            fmt::print("{}", bench::usage);
            return EXIT_SUCCESS;
        }
        return run(nodes_from_environment(), asked);
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redlock_bench: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
