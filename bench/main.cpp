// The benchmark: how near the library comes to what the servers can do at all. It measures, prints
// and judges; what is measured lies in the files beside it.
#include <fmt/core.h>

#include <cstdlib>
#include <exception>
#include <ranges>
#include <redlock/redlock.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/arguments.hpp"
#include "bench/cells.hpp"
#include "bench/frozen.hpp"
#include "bench/report.hpp"

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

int run_cells(const std::vector<redlock::endpoint>& nodes, const bench::arguments& asked) {
    if (!asked.json) {
        bench::print_table_head(asked.how, asked.seconds);
    }
    std::vector<bench::cell> cells;
    std::size_t errors = 0;
    for (const std::size_t at_once : {1U, 64U}) {
        for (const std::size_t count : {1U, 3U, 5U}) {
            if (count > nodes.size()) {
                continue;
            }
            const auto& measured =
                cells.emplace_back(bench::measure(nodes, count, at_once, asked.how, asked.seconds));
            errors += measured.plain.errors + measured.own.errors + measured.library.errors;
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

}  // namespace

int main(int count, char** values) {
    try {
        const auto asked = bench::read_arguments(count, values);
        if (!asked.mistake.empty()) {
            fmt::print(stderr, "redlock_bench: {}\n{}", asked.mistake, bench::usage);
            return exit_usage;
        }
        if (asked.help) {
            fmt::print("{}", bench::usage);
            return EXIT_SUCCESS;
        }
        const auto nodes = nodes_from_environment();
        return asked.frozen ? run_frozen(nodes, asked) : run_cells(nodes, asked);
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redlock_bench: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
