// Reads a contender's arguments and prints its answer.
#include "bench/peers/cpp/protocol.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iostream>
#include <ranges>
#include <stdexcept>

namespace bench {

namespace {

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (const auto part : std::views::split(text, ',')) {
        parts.emplace_back(part.begin(), part.end());
    }
    return parts;
}

nanoseconds seconds_from(const std::string& text) {
    return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(std::stod(text)));
}

/// In microseconds. Sorts the waits.
double quantile(std::vector<nanoseconds>& waits, double share) {
    if (waits.empty()) {
        return 0;
    }
    std::ranges::sort(waits);
    const auto last = static_cast<double>(waits.size() - 1);
    const auto at = static_cast<std::size_t>(std::lround(share * last));
    return std::chrono::duration<double, std::micro>(waits[at]).count();
}

}  // namespace

void peer_outcome::note_error(std::string_view what) {
    ++errors;
    error = what;
}

void peer_outcome::add(const peer_outcome& other) {
    cycles += other.cycles;
    errors += other.errors;
    overlaps += other.overlaps;
    unfinished += other.unfinished;
    waits.insert(waits.end(), other.waits.begin(), other.waits.end());
    if (!other.error.empty()) {
        error = other.error;
    }
}

peer_task read_peer_task(int count, const char* const* values) {
    peer_task task;
    for (int at = 1; at < count; at += 2) {
        const std::string_view name = values[at];
        if (at + 1 == count) {
            throw std::invalid_argument("no value for " + std::string{name});
        }
        const std::string value = values[at + 1];
        if (name == "--contender") {
            task.contender = value;
        } else if (name == "--nodes") {
            task.nodes = split(value);
        } else if (name == "--workload") {
            task.workload = value;
            if (value != "cycles" && value != "hand-over" && value != "frozen") {
                throw std::invalid_argument("--workload is cycles, hand-over or frozen");
            }
        } else if (name == "--at") {
            task.at_once = std::stoul(value);
        } else if (name == "--names") {
            task.names = std::stoul(value);
        } else if (name == "--seconds") {
            task.length = seconds_from(value);
        } else if (name == "--warm-up") {
            task.warm_up = seconds_from(value);
        } else {
            throw std::invalid_argument("unknown argument " + std::string{name});
        }
    }
    if (task.nodes.empty() || task.length <= nanoseconds{0} || task.at_once == 0) {
        throw std::invalid_argument("--nodes, --seconds and --at are needed");
    }
    return task;
}

void wait_for_go() {
    std::cout << "ready" << std::endl;
    std::string line;
    std::getline(std::cin, line);
}

void print_outcome(const peer_task& task, std::string_view peer, std::string_view version,
                   const peer_outcome& outcome) {
    auto waits = outcome.waits;
    const auto cycles = static_cast<double>(std::max<std::size_t>(outcome.cycles, 1));
    const double busy_us = std::chrono::duration<double, std::micro>(outcome.busy).count();
    std::cout << boost::json::object{{"peer", peer},
                                     {"version", version},
                                     {"workload", task.workload},
                                     {"nodes", task.nodes.size()},
                                     {"at", task.at_once},
                                     {"cycles", outcome.cycles},
                                     {"seconds",
                                      std::chrono::duration<double>(outcome.elapsed).count()},
                                     {"errors", outcome.errors},
                                     {"error", outcome.error},
                                     {"unfinished", outcome.unfinished},
                                     {"overlaps", outcome.overlaps},
                                     {"acquire_us",
                                      {{"median", quantile(waits, 0.5)},
                                       {"p99", quantile(waits, 0.99)},
                                       {"max", quantile(waits, 1)}}},
                                     {"cpu_us_a_cycle", busy_us / cycles}}
              << std::endl;
}

nanoseconds process_time() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

}  // namespace bench
