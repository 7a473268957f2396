// Runs a fixed number of cycles of the library with the default options, as the benchmark does,
// over the servers that REDLOCK_NODES names, and prints what a cycle asked of the allocator and of
// the kernel. Instructions are counted from outside, by valgrind, while `library_side::run_cycles`
// runs.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <limits>
#include <optional>
#include <ranges>
#include <redlock/redlock.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/counters.hpp"
#include "bench/library_side.hpp"

namespace {

// As many as the benchmark has: a name comes again after so many cycles.
constexpr std::size_t names_for_each = 256;
/// Fewer: a manager remembers only so many semaphores that it does not use.
constexpr std::size_t semaphores_for_each = 2;

struct task {
    std::size_t nodes = 1;
    std::size_t at_once = 1;
    std::size_t cycles = 1;
    bench::style how = bench::style::coroutines;
    bool fencing = true;
    bench::wanted what = bench::wanted::lock;
};

std::size_t names_for(bench::wanted what) {
    return what == bench::wanted::permit ? semaphores_for_each : names_for_each;
}

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

/// The median of what a cycle took in each stretch. While a server falls behind, what waits for its
/// answers grows, and that takes memory; it is no steady state.
double in_most_stretches(std::span<const std::uint64_t> marks) {
    std::vector<std::uint64_t> taken;
    for (std::size_t end = 1; end < marks.size(); ++end) {
        taken.push_back(marks[end] - marks[end - 1]);
    }
    if (taken.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto middle = taken.begin() + static_cast<std::ptrdiff_t>(taken.size() / 2);
    std::ranges::nth_element(taken, middle);
    return static_cast<double>(*middle) / static_cast<double>(bench::library_side::stretch_length);
}

int run(const task& asked) {
    redlock::manager_options options;
    options.fencing = asked.fencing;
    // Client or server may run under valgrind, on processors that others use.
    options.node_timeout = std::chrono::seconds{5};
    bench::library_side library{
        first_nodes(asked.nodes), asked.how, asked.at_once, asked.at_once * names_for(asked.what),
        bench::terms::usual,      options,   asked.what};
    if (!library.settle(std::chrono::seconds{20})) {
        fmt::print(stderr, "the servers do not answer\n");
        return EXIT_FAILURE;
    }
    // Through every name, so that all that grows with them has grown, and the scripts are known.
    const auto first = library.run(std::chrono::milliseconds{300});
    std::vector<std::uint64_t> allocations;
    allocations.reserve(asked.cycles / bench::library_side::stretch_length + 2);
    library.after_stretch([&] { allocations.push_back(bench::so_far().allocations); });
    const bench::counts before = bench::so_far();
    allocations.push_back(before.allocations);
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
    fmt::print("allocations {:.3f}\nallocations_in_all {:.3f}\nsystem_calls {:.3f}\n",
               in_most_stretches(allocations), each(after.allocations, before.allocations),
               each(after.system_calls, before.system_calls));
    return EXIT_SUCCESS;
}

/// False if there is no such kind of cycle.
bool choose_kind(std::string_view kind, task& asked) {
    if (kind == "callbacks") {
        asked.how = bench::style::callbacks;
    } else if (kind == "unfenced") {
        asked.fencing = false;
    } else if (kind == "shared") {
        asked.what = bench::wanted::shared_lock;
    } else if (kind == "permit") {
        asked.what = bench::wanted::permit;
    } else if (kind == "several") {
        asked.what = bench::wanted::several;
    } else {
        return kind == "coroutines";
    }
    return true;
}

/// Nothing if these are not the arguments of this program.
std::optional<task> task_of(std::span<char*> given) {
    if (given.size() != 3 && given.size() != 4) {
        return std::nullopt;
    }
    task asked{std::stoul(given[0]), std::stoul(given[1]), std::stoul(given[2])};
    const bool known = choose_kind(given.size() == 4 ? given[3] : "coroutines", asked);
    return known ? std::optional{asked} : std::nullopt;
}

}  // namespace

int main(int count, char** values) {
    try {
        const auto asked = task_of(std::span{values, static_cast<std::size_t>(count)}.subspan(1));
        if (!asked) {
            fmt::print(stderr,
                       "usage: redlock_cycles NODES AT_ONCE CYCLES "
                       "[coroutines|callbacks|unfenced|shared|permit|several]\n");
            return 64;
        }
        return run(*asked);
    } catch (const std::exception& problem) {
        fmt::print(stderr, "redlock_cycles: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
