// Runs a fixed number of cycles of the library with the default options, as the benchmark does,
// over the servers that REDLOCK_NODES names, and prints what a cycle asked of the allocator and of
// the kernel. Instructions are counted from outside, by valgrind, while `library_side::run_cycles`
// runs.
#include <fmt/core.h>

#include <cstdlib>
#include <exception>
#include <ranges>
#include <redlock/redlock.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/counters.hpp"
#include "bench/library_side.hpp"

namespace {

// As many as the benchmark has: a name comes again after so many cycles.
constexpr std::size_t names_for_each = 256;

struct task {
    std::size_t nodes = 1;
    std::size_t at_once = 1;
    std::size_t cycles = 1;
};

std::vector<redlock::endpoint> first_nodes(std::size_t count) {
    const char* listed = std::getenv("REDLOCK_NODES");
    std::vector<std::string> urls;
    for (const auto part :
         std::views::split(std::string_view{listed == nullptr ? "" : listed}, ',')) {
        if (urls.size() < count) {
            urls.emplace_back(part.begin(), part.end());
        }
    }
    return redlock::node_list{urls}.endpoints();
}

int run(const task& asked) {
    bench::library_side library{first_nodes(asked.nodes), bench::style::coroutines, asked.at_once,
                                asked.at_once * names_for_each};
    if (!library.settle(std::chrono::seconds{20})) {
        fmt::print(stderr, "the servers do not answer\n");
        return EXIT_FAILURE;
    }
    // Through every name, so that all that grows with them has grown, and the scripts are known.
    const auto first = library.run(std::chrono::milliseconds{300});
    const bench::counts before = bench::so_far();
    const auto measured = library.run_cycles(asked.cycles);
    const bench::counts after = bench::so_far();
    if (first.errors + measured.errors != 0 || measured.cycles != asked.cycles) {
        fmt::print(stderr, "{} of {} cycles failed: {}\n", first.errors + measured.errors,
                   asked.cycles, library.last_error());
        return EXIT_FAILURE;
    }
    const auto each = [&](std::uint64_t now, std::uint64_t then) {
        return static_cast<double>(now - then) / static_cast<double>(asked.cycles);
    };
    fmt::print("allocations {:.3f}\nsystem_calls {:.3f}\n",
               each(after.allocations, before.allocations),
               each(after.system_calls, before.system_calls));
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** values) {
    try {
        if (count != 4) {
            fmt::print(stderr, "usage: redlock_cycles NODES AT_ONCE CYCLES\n");
            return 64;
        }
        return run({std::stoul(values[1]), std::stoul(values[2]), std::stoul(values[3])});
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redlock_cycles: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
