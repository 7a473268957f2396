// The series of nodes and of cycles in flight: what one cycle takes as either number grows.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "bench/library_side.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using std::chrono::duration;

constexpr std::size_t most_nodes = 9;
constexpr std::size_t usual_in_flight = 64;
constexpr double usual_cycle_seconds = 2;

/// Enough that a name is not used again at once, without a million names for 10,000 in flight.
std::size_t names_in_flight(std::size_t in_flight) {
    return std::max<std::size_t>(16'384, in_flight * 4);
}

/// Long enough that the cycles that begin and end a slice are few among the others.
nanoseconds slice_for(std::size_t in_flight) {
    return std::max<nanoseconds>(std::chrono::milliseconds{150},
                                 std::chrono::microseconds{200} * in_flight);
}

/// The library with so many cycles in flight, and what its slices saw.
class sized_side {
  public:
    sized_side(const size_nodes& nodes, std::size_t in_flight)
        : side_(nodes, style::coroutines, in_flight, names_in_flight(in_flight)),
          length_(slice_for(in_flight)) {
        warm_up();
    }

    void run() {
        slices_.push_back(side_.run(length_));
        errors_ += slices_.back().errors;
    }
    [[nodiscard]] const slice& last() const { return slices_.back(); }
    [[nodiscard]] nanoseconds length() const { return length_; }
    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::string& last_error() const { return side_.last_error(); }

    [[nodiscard]] double rate() const {
        std::vector<double> rates;
        rates.reserve(slices_.size());
        for (const slice& each : slices_) {
            rates.push_back(each.rate());
        }
        return median(rates);
    }
    [[nodiscard]] double busy_us() const {
        std::vector<nanoseconds> busy;
        busy.reserve(slices_.size());
        for (const slice& each : slices_) {
            busy.push_back(each.busy_per_cycle());
        }
        return duration<double, std::micro>(median(busy)).count();
    }
    /// Milliseconds below which this share of the acquisitions stayed, the first slice left out.
    [[nodiscard]] double acquire_ms(double share) const {
        std::vector<nanoseconds> all{
            side_.latencies().begin() + static_cast<std::ptrdiff_t>(warm_latencies_),
            side_.latencies().end()};
        if (all.empty()) {
            return no_figure;
        }
        const auto at =
            all.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(all.size() - 1) * share);
        std::nth_element(all.begin(), at, all.end());
        return duration<double, std::milli>(*at).count();
    }

  private:
    void warm_up() {
        errors_ = side_.settle(std::chrono::seconds{5}) ? 0 : 1;
        errors_ += side_.run(length_).errors;
        warm_latencies_ = side_.latencies().size();
    }

    library_side side_;
    nanoseconds length_;
    std::vector<slice> slices_;
    std::size_t errors_ = 0;
    std::size_t warm_latencies_ = 0;
};

size_series describe_nodes() {
    return {.key = "nodes",
            .title = "Nodes",
            .note = "Cycles on resources that nobody else wants, 64 in flight.",
            .columns = {{"nodes", "nodes"},
                        {"cycles_per_second", "cycles/s"},
                        {"client_us", "client us", 2},
                        {"client_us_per_node", "us a node", 2}},
            .plots = {{"cycles a second", 0, 1}, {"client's processor time, us a cycle", 0, 2}}};
}

void measure_nodes(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const double seconds = plan.seconds.value_or(usual_cycle_seconds);
    for (std::size_t count = 1; count <= std::min(nodes.size(), most_nodes); ++count) {
        const size_nodes used{nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count)};
        vouch_for(used);
        sized_side side{used, usual_in_flight};
        const auto slices = std::max(1.0, seconds / duration<double>(side.length()).count());
        for (std::size_t turn = 0; turn < static_cast<std::size_t>(slices); ++turn) {
            side.run();
        }
        const auto number = static_cast<double>(count);
        ready({{number, side.rate(), side.busy_us(), side.busy_us() / number},
               side.errors(),
               side.last_error()});
    }
}

void judge_nodes(size_series& series) {
    const size_line* const few = series.line_of(3);
    const size_line* const many = series.line_of(9);
    if (few != nullptr && many != nullptr) {
        series.at_most("client time for a node, 9 nodes over 3", many->figures[3] / few->figures[3],
                       1.0, 2);
    }
}

size_series describe_in_flight() {
    return {.key = "in_flight",
            .title = "Cycles in flight",
            .note =
                "On three nodes. Each line takes turns with one of 64 in flight; the column "
                "\"to 64\" is the\nmedian of its rate over that one's just before.",
            .columns = {{"in_flight", "in flight"},
                        {"cycles_per_second", "cycles/s"},
                        {"to_64", "to 64", 3},
                        {"acquire_median_ms", "median ms", 3},
                        {"acquire_p99_ms", "p99 ms", 3},
                        {"client_us", "client us", 2}},
            .plots = {{"cycles a second", 0, 1},
                      {"acquisition, p99, ms", 0, 4},
                      {"client's processor time, us a cycle", 0, 5}}};
}

void measure_in_flight(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const double seconds = plan.seconds.value_or(usual_cycle_seconds);
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    vouch_for(used);
    for (const std::size_t count : plan.up_to_largest({1, 4, 16, 64, 256, 1'024, 4'096, 10'000})) {
        sized_side reference{used, usual_in_flight};
        sized_side side{used, count};
        std::vector<double> ratios;
        // Three at least, so that one disturbed slice does not decide.
        const auto slices = std::max(3.0, seconds / duration<double>(side.length()).count());
        for (std::size_t turn = 0; turn < static_cast<std::size_t>(slices); ++turn) {
            reference.run();
            side.run();
            ratios.push_back(side.last().rate() / reference.last().rate());
        }
        ready({{static_cast<double>(count), side.rate(), median(ratios), side.acquire_ms(0.5),
                side.acquire_ms(0.99), side.busy_us()},
               side.errors() + reference.errors(),
               side.last_error().empty() ? reference.last_error() : side.last_error()});
    }
}

void judge_in_flight(size_series& series) {
    const size_line* const usual = series.line_of(usual_in_flight);
    if (const size_line* const many = series.line_of(1'024)) {
        series.at_least("cycles a second, 1,024 in flight over 64", many->figures[2], 1.0, 3);
    }
    const size_line* const most = series.line_of(10'000);
    if (usual != nullptr && most != nullptr) {
        series.at_most("client time for a cycle, 10,000 in flight over 64",
                       most->figures[5] / usual->figures[5], 2.0, 2);
    }
}

}  // namespace

size_part nodes_part() {
    return {describe_nodes, measure_nodes, judge_nodes, 1};
}

size_part in_flight_part() {
    return {describe_in_flight, measure_in_flight, judge_in_flight};
}

}  // namespace bench
