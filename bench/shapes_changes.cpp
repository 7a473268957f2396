// The series of changes: how a permit that many want goes from one to the next, beside a plain
// lock.
#include <fmt/format.h>

#include <chrono>

#include "bench/hand_over.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr double usual_changes_seconds = 4;
/// A rate varies from run to run by about as much.
constexpr double as_often = 0.95;

struct changes_of {
    std::string label;
    hand_over_load load;
};

const std::vector<changes_of>& all_changes() {
    static const std::vector<changes_of> all{{"plain lock, paced", {8, 8, 2ms, 20ms}},
                                             {"permit of 1, paced", {8, 8, 2ms, 20ms, 1}},
                                             {"permit of 4, paced", {8, 8, 2ms, 20ms, 4}},
                                             {"plain lock, hot", {8, 8}},
                                             {"permit of 1, hot", {8, 8, 0ms, 0ms, 1}},
                                             {"permit of 4, hot", {8, 8, 0ms, 0ms, 4}},
                                             {"plain lock, hot, one each", {16, 1}},
                                             {"permit of 1, hot, one each", {16, 1, 0ms, 0ms, 1}},
                                             {"permit of 4, hot, one each", {16, 1, 0ms, 0ms, 4}}};
    return all;
}

size_series describe_changes() {
    return {.key = "changes",
            .title = "A permit that many want",
            .note =
                "64 workers in 8 processes, or one in each of 16, on three nodes. paced: a worker "
                "holds it for\n2 ms and asks again 20 ms later; hot: neither. Busy: share of the "
                "time in which a permit was\nheld. Share: the most acquisitions of a worker to the "
                "fewest.",
            .label_head = "wanted",
            .columns = {{"processes", "processes"},
                        {"workers", "workers"},
                        {"acquisitions_per_second", "acquired/s"},
                        {"to_plain", "to plain", 2},
                        {"busy_percent", "busy %", 1},
                        {"wait_median_ms", "median ms", 2},
                        {"wait_p99_ms", "p99 ms", 2},
                        {"share", "share", 2},
                        {"commands_each", "for each", 2}},
            .plots = {}};
}

void measure_changes(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    double plain = 0;
    for (const changes_of& each : all_changes()) {
        const hand_over_line seen =
            measure_hand_over(nodes, each.load, plan.seconds.value_or(usual_changes_seconds));
        if (each.load.permits == 0) {
            plain = seen.rate;
        }
        const auto milliseconds = [](nanoseconds time) {
            return std::chrono::duration<double, std::milli>(time).count();
        };
        ready({.figures = {static_cast<double>(each.load.processes),
                           static_cast<double>(each.load.workers), seen.rate, seen.rate / plain,
                           100 * seen.busy, milliseconds(seen.median), milliseconds(seen.p99),
                           seen.unfairness.value_or(no_figure), seen.commands},
               .errors = seen.errors + seen.overlaps + seen.disordered,
               .error = seen.errors > 0 ? seen.error : "two held one slot at once",
               .label = each.label});
    }
}

void judge_changes(size_series& series) {
    for (std::size_t at = 0; at < series.lines.size(); ++at) {
        if (all_changes()[at].load.permits > 0) {
            series.at_least(
                fmt::format("changes a second to a plain lock's, {}", series.lines[at].label),
                series.lines[at].figures[3], as_often, 2);
        }
    }
}

}  // namespace

size_part changes_part() {
    return {describe_changes, measure_changes, judge_changes};
}

}  // namespace bench
