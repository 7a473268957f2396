// The series of held locks: the memory that each takes, and what their renewals take of a processor
// and how evenly these are spread over time.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <numeric>
#include <redlock/redlock.hpp>

#include "bench/sizes_crowd.hpp"
#include "bench/sizes_memory.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr double usual_watch_seconds = 15;
constexpr nanoseconds tally_slice = 100ms;
/// Beyond it the default lease time wants more renewals than a small machine's servers can serve.
constexpr std::size_t most_at_default_lease = 100'000;

/// Counts the renewals by the time at which they ended.
class renewal_tally final : public redlock::observer {
  public:
    void on_event(const redlock::event& what) noexcept override {
        if (what.kind == redlock::event_kind::extended) {
            const auto at = static_cast<std::size_t>((time_now() - begun_) / tally_slice);
            if (at < slices_.size()) {
                ++slices_[at];
            }
        } else if (what.kind == redlock::event_kind::extend_failed ||
                   what.kind == redlock::event_kind::lost) {
            if (++failures_ == 1) {
                first_failure_ = std::string{redlock::to_string(what.kind)} + ": " +
                                 what.error.message() + " " + std::string{what.message};
            }
        }
    }

    /// From now on, for so many slices.
    void begin(std::size_t slices) {
        slices_.assign(slices, 0);
        begun_ = time_now();
    }
    [[nodiscard]] std::size_t failures() const { return failures_; }
    [[nodiscard]] const std::string& first_failure() const { return first_failure_; }
    [[nodiscard]] std::size_t total() const { return sum_of(0, slices_.size()); }
    /// The fullest of these slices over their mean.
    [[nodiscard]] double peak(std::size_t from, std::size_t to) const {
        const std::size_t sum = sum_of(from, to);
        const auto most = *std::max_element(at(from), at(to));
        return sum == 0 ? no_figure
                        : static_cast<double>(most) * static_cast<double>(to - from) /
                              static_cast<double>(sum);
    }

  private:
    [[nodiscard]] std::vector<std::size_t>::const_iterator at(std::size_t slice) const {
        return slices_.begin() + static_cast<std::ptrdiff_t>(slice);
    }
    [[nodiscard]] std::size_t sum_of(std::size_t from, std::size_t to) const {
        return std::accumulate(at(from), at(to), std::size_t{0});
    }

    nanoseconds begun_{0};
    std::vector<std::size_t> slices_;
    std::size_t failures_ = 0;
    std::string first_failure_;
};

size_series describe_held() {
    return {.key = "held",
            .title = "Held locks",
            .note =
                "One manager holds them on three nodes and renews them. Bytes a lock, with the "
                "user's handle:\nmalloc's own count before the first renewals and after the "
                "last, and the growth of the resident set.\nPeak: the fullest 100 ms over the "
                "mean, in the first and in the last renewal period.",
            .columns = {{"held", "held"},
                        {"lease_s", "lease s"},
                        {"acquire_s", "acquire s", 2},
                        {"bytes_new", "bytes new"},
                        {"bytes", "bytes"},
                        {"resident_bytes", "resident"},
                        {"renewals_per_second", "renewals/s"},
                        {"peak_first", "peak first", 2},
                        {"peak_last", "peak last", 2},
                        {"core_share_percent", "core %", 2},
                        {"client_us_per_renewal", "client us", 2}},
            .plots = {{"bytes a held lock", 0, 4},
                      {"share of one core, %", 0, 9},
                      {"client's processor time, us a renewal", 0, 10}}};
}

/// What the renewals of the held locks were like in a while in which nothing else happened.
struct renewals_seen {
    double count = 0;
    double first_peak = 0;  ///< See renewal_tally::peak.
    double last_peak = 0;
    std::chrono::duration<double> busy{0};
    std::chrono::duration<double> elapsed{0};
};

/// Watches for so long, which is a renewal period at least.
renewals_seen watch_renewals(boost::asio::io_context& io, renewal_tally& tally, nanoseconds period,
                             nanoseconds length) {
    const auto slices = static_cast<std::size_t>(length / tally_slice);
    const auto of_period = static_cast<std::size_t>(period / tally_slice);
    tally.begin(slices);
    const nanoseconds begun = time_now();
    const nanoseconds busy_before = thread_time();
    io.restart();
    io.run_for(length);
    return {.count = static_cast<double>(tally.total()),
            .first_peak = tally.peak(0, of_period),
            .last_peak = tally.peak(slices - of_period, slices),
            .busy = thread_time() - busy_before,
            .elapsed = time_now() - begun};
}

size_line measure_held_line(const size_nodes& nodes, std::size_t count, double seconds) {
    boost::asio::io_context io{1};
    const auto tally = std::make_shared<renewal_tally>();
    redlock::manager_options options;
    options.events = tally;
    if (count > most_at_default_lease) {
        options.lease_time = options.max_lease_time;
    }
    redlock::lock_manager locks{io, nodes, options};
    lock_crowd crowd{io, locks,
                     [&](std::size_t number) { return size_name("held", count, number); }};
    std::size_t errors = settle_on(io, locks) ? 0 : 1;
    // What the first locks set up for all stays out of the count.
    crowd.acquire(std::min<std::size_t>(count, 256));
    crowd.release();

    trim_memory();
    const memory_use before = memory_now();
    const nanoseconds begun = time_now();
    crowd.acquire(count);
    const std::chrono::duration<double> acquired_in = time_now() - begun;
    const memory_use used_by_new = memory_now() - before;
    const nanoseconds period = options.lease_time / 3;
    const auto asked = nanoseconds{static_cast<nanoseconds::rep>(seconds * 1e9)};
    const renewals_seen seen = watch_renewals(io, *tally, period, std::max(period, asked));
    const memory_use used = memory_now() - before;

    crowd.release();
    close_on(io, locks);
    errors += crowd.errors() + tally->failures();
    const auto number = static_cast<double>(count);
    return {{number, std::chrono::duration<double>(options.lease_time).count(), acquired_in.count(),
             used_by_new.counted / number, used.counted / number, used.resident / number,
             seen.count / seen.elapsed.count(), seen.first_peak, seen.last_peak,
             100 * seen.busy / seen.elapsed,
             seen.count == 0 ? no_figure : 1e6 * seen.busy.count() / seen.count},
            errors,
            tally->failures() > 0 ? tally->first_failure() : crowd.last_error()};
}

void measure_held(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    vouch_for(used);
    for (const std::size_t count : plan.up_to_largest({100, 1'000, 10'000, 100'000, 1'000'000})) {
        ready(measure_held_line(used, count, plan.seconds.value_or(usual_watch_seconds)));
    }
}

void judge_held(size_series& series) {
    for (const double size : {10'000.0, 100'000.0, 1'000'000.0}) {
        if (const size_line* const line = series.line_of(size)) {
            series.at_most(fmt::format("bytes a lock, {:.0f} held", size), line->figures[4], 600,
                           0);
        }
    }
    const size_line* const many = series.line_of(100'000);
    if (many != nullptr) {
        series.at_most("% of one core for the renewals of 100,000", many->figures[9], 10, 2);
    }
    series.grows_little("client time for a renewal", 10);
}

}  // namespace

size_part held_part() {
    return {describe_held, measure_held, judge_held};
}

}  // namespace bench
