// Starts, sleeps, collects and reckons.
#include "bench/hand_over.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "bench/hand_over_process.hpp"
#include "bench/server_commands.hpp"
#include "bench/vouch.hpp"

namespace bench {

using namespace std::chrono_literals;

namespace {

// Long enough that every worker has met the others, and none begins with an empty line before it.
constexpr nanoseconds run_in = 500ms;
constexpr nanoseconds patience = 20s;

/// What was seen in all processes, from one asking of the servers to the other.
struct observation {
    nanoseconds begin{0};
    nanoseconds end{0};
    std::uint64_t commands = 0;
    std::vector<hand_over_record> processes;

    [[nodiscard]] bool covers(nanoseconds at) const { return begin <= at && at < end; }
};

/// Sets all going, and measures in their midst: they have begun before and go on until after.
observation observe(const std::vector<redlock::endpoint>& nodes, const hand_over_load& load,
                    double seconds, hand_over_line& line) {
    const worker_task task{
        .resource = fmt::format("redlock-bench:hand-over:{}:{}", ::getpid(), time_now().count()),
        .workers = load.workers,
        .hold = load.hold,
        .pause = load.pause,
        .permits = load.permits};
    server_commands servers{nodes};
    std::deque<hand_over_process> processes;
    for (std::size_t made = 0; made < load.processes; ++made) {
        processes.emplace_back(task);
    }
    for (hand_over_process& each : processes) {
        each.await_ready(clock::now() + patience);
    }
    for (hand_over_process& each : processes) {
        each.go();
    }
    observation seen;
    std::this_thread::sleep_for(run_in);
    const std::uint64_t before = servers.count();
    seen.begin = time_now();
    std::this_thread::sleep_for(std::chrono::duration<double>{seconds});
    seen.commands = servers.count() - before;
    seen.end = time_now();
    for (hand_over_process& each : processes) {
        each.stop();
    }
    for (hand_over_process& each : processes) {
        try {
            seen.processes.push_back(each.collect(clock::now() + patience));
        } catch (const std::exception& problem) {
            ++line.errors;
            line.error = problem.what();
        }
    }
    return seen;
}

void reckon_waits(const observation& seen, hand_over_line& line) {
    std::vector<nanoseconds> waits;
    const auto not_over = [&](nanoseconds asked) {
        line.longest = std::max(line.longest, seen.end - asked);
    };
    for (const hand_over_record& process : seen.processes) {
        for (const hold& each : process.holds) {
            if (seen.covers(each.begun)) {
                waits.push_back(each.begun - each.asked);
                line.longest = std::max(line.longest, waits.back());
            } else if (each.begun >= seen.end) {
                not_over(each.asked);
            }
        }
        std::for_each(process.still_waiting.begin(), process.still_waiting.end(), not_over);
    }
    line.median = median(waits);
    if (!waits.empty()) {
        const auto at = waits.begin() + static_cast<std::ptrdiff_t>((waits.size() - 1) * 99 / 100);
        std::nth_element(waits.begin(), at, waits.end());
        line.p99 = *at;
    }
    const std::chrono::duration<double> elapsed = seen.end - seen.begin;
    const auto acquisitions = static_cast<double>(waits.size());
    line.rate = acquisitions / elapsed.count();
    line.commands = waits.empty() ? 0 : static_cast<double>(seen.commands) / acquisitions;
}

void reckon_fairness(const observation& seen, hand_over_line& line) {
    std::size_t fewest = SIZE_MAX;
    std::size_t most = 0;
    for (const hand_over_record& process : seen.processes) {
        std::vector<std::size_t> won(line.load.workers, 0);
        for (const hold& each : process.holds) {
            if (seen.covers(each.begun)) {
                ++won.at(each.worker);
            }
        }
        fewest = std::min(fewest, *std::min_element(won.begin(), won.end()));
        most = std::max(most, *std::max_element(won.begin(), won.end()));
    }
    if (fewest > 0 && most > 0) {
        line.unfairness = static_cast<double>(most) / static_cast<double>(fewest);
    }
}

/// Everything that was held, warm-up and end included, in the order of beginning: nobody may begin
/// before the one before has ended, and each needs a larger token. A permit is one of several
/// slots, and each slot has an order of its own.
void reckon_holds(const observation& seen, hand_over_line& line) {
    struct placed {
        hold what;
        const hand_over_record* process;
    };
    std::vector<placed> all;
    for (const hand_over_record& process : seen.processes) {
        for (const hold& each : process.holds) {
            all.push_back({each, &process});
        }
    }
    std::sort(all.begin(), all.end(), [](const placed& left, const placed& right) {
        return std::pair{left.what.slot, left.what.begun} <
               std::pair{right.what.slot, right.what.begun};
    });
    nanoseconds busy{0};
    const placed* last = nullptr;  // Of those so far, the one that ends last.
    std::uint64_t token = 0;
    for (const placed& each : all) {
        if (last != nullptr && last->what.slot != each.what.slot) {
            last = nullptr;
        }
        nanoseconds from = std::max(each.what.begun, seen.begin);
        if (last != nullptr) {
            // Within a process the workers themselves count it.
            line.overlaps += each.what.begun < last->what.ended && each.process != last->process;
            line.disordered += each.what.token <= token;
            from = std::max(from, last->what.ended);
        }
        busy += std::max(0ns, std::min(each.what.ended, seen.end) - from);
        token = each.what.token;
        if (last == nullptr || each.what.ended > last->what.ended) {
            last = &each;
        }
    }
    const auto slots = static_cast<double>(std::max<std::size_t>(1, line.load.permits));
    line.busy = std::chrono::duration<double>(busy) / (seen.end - seen.begin) / slots;
}

}  // namespace

const std::array<hand_over_load, 8>& hand_over_loads() {
    static constexpr std::array<hand_over_load, 8> loads{{{1, 4, 2ms, 20ms},
                                                          {1, 16, 2ms, 20ms},
                                                          {1, 64, 2ms, 20ms},
                                                          {8, 8, 2ms, 20ms},
                                                          {1, 4},
                                                          {1, 16},
                                                          {1, 64},
                                                          {8, 8}}};
    return loads;
}

hand_over_line measure_hand_over(const std::vector<redlock::endpoint>& nodes,
                                 const hand_over_load& load, double seconds) {
    // A process that has died is told by what it does not answer.
    std::signal(SIGPIPE, SIG_IGN);
    hand_over_line line;
    line.load = load;
    const std::vector<redlock::endpoint> used{
        nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(hand_over_nodes)};
    vouch_for(used);
    const observation seen = observe(used, load, seconds, line);
    reckon_waits(seen, line);
    reckon_fairness(seen, line);
    reckon_holds(seen, line);
    for (const hand_over_record& process : seen.processes) {
        line.splits += static_cast<std::size_t>(
            std::count_if(process.splits.begin(), process.splits.end(),
                          [&](nanoseconds at) { return seen.covers(at); }));
        line.overlaps += process.overlaps;
        line.errors += process.errors;
        if (process.errors > 0) {
            line.error = process.last_error;
        }
    }
    return line;
}

}  // namespace bench
