// The series of managers and threads, and that of two processes that want one lock: what is shared
// between several must not fail, and must be shared fairly.
#include <fmt/format.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is not in <ctime>.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <latch>
#include <redlock/redlock.hpp>
#include <thread>

#include "bench/hand_over.hpp"
#include "bench/sizes_crowd.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using std::chrono::duration;

constexpr std::size_t workers_of_manager = 64;
constexpr double usual_managers_seconds = 3;
constexpr double usual_shares_seconds = 5;

/// What all threads of this process have used of the processors.
nanoseconds process_time() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

/// Acquires and releases names of its own until its time is over. One handler of it runs at a time,
/// on any thread.
class managed_worker {
  public:
    managed_worker(redlock::lock_manager& locks, std::size_t number, clock::time_point end,
                   std::latch& working)
        : locks_(locks), end_(end), working_(working) {
        for (std::size_t name = 0; name < 64; ++name) {
            names_.emplace_back(size_name("managers", number, name));
        }
    }

    void begin() {
        if (clock::now() >= end_) {
            working_.count_down();
            return;
        }
        locks_.async_acquire(names_[cycles % names_.size()], {},
                             [this](const redlock::error_code& error, redlock::lock held) {
                                 held_ = std::move(held);
                                 note("acquire", error);
                                 error ? begin() : release();
                             });
    }

    std::size_t cycles = 0;
    std::size_t errors = 0;
    std::string last_error;

  private:
    void release() {
        held_.async_release([this](const redlock::error_code& error) {
            ++cycles;
            note("release", error);
            begin();
        });
    }
    void note(const char* what, const redlock::error_code& error) {
        if (error) {
            ++errors;
            last_error = std::string{what} + ": " + error.message();
        }
    }

    redlock::lock_manager& locks_;
    clock::time_point end_;
    std::latch& working_;
    std::vector<redlock::resource_name> names_;
    redlock::lock held_;
};

/// Threads that run one event loop, for as long as this object lives.
class thread_crew {
  public:
    thread_crew(boost::asio::io_context& io, std::size_t threads)
        : work_(boost::asio::make_work_guard(io)) {
        io.restart();
        for (std::size_t made = 0; made < threads; ++made) {
            threads_.emplace_back([&io] { io.run(); });
        }
    }

  private:
    // Ends before the threads are joined.
    std::vector<std::jthread> threads_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

size_series describe_managers() {
    return {.key = "managers",
            .title = "Managers and threads",
            .note =
                "Cycles on three nodes, 64 in flight for each manager; the threads run one "
                "event loop.\nThe client's time is that of all its threads.",
            .columns = {{"managers", "managers"},
                        {"threads", "threads"},
                        {"cycles_per_second", "cycles/s"},
                        {"to_one", "to one", 2},
                        {"client_us", "client us", 2}},
            .plots = {{"cycles a second", 0, 2, 1}}};
}

size_line measure_managers_line(const size_nodes& nodes, std::size_t managers, std::size_t threads,
                                double seconds) {
    boost::asio::io_context io{static_cast<int>(threads)};
    std::deque<redlock::lock_manager> all;
    size_line line;
    for (std::size_t made = 0; made < managers; ++made) {
        line.errors += settle_on(io, all.emplace_back(io, nodes)) ? 0U : 1U;
    }
    const std::size_t workers = managers * workers_of_manager;
    std::latch working{static_cast<std::ptrdiff_t>(workers)};
    const clock::time_point begun = clock::now();
    const auto end = begun + nanoseconds{static_cast<nanoseconds::rep>(seconds * 1e9)};
    std::deque<managed_worker> crew;
    for (std::size_t made = 0; made < workers; ++made) {
        crew.emplace_back(all[made % managers], made, end, working);
    }
    const nanoseconds busy_before = process_time();
    for (managed_worker& each : crew) {
        each.begin();
    }
    {
        const thread_crew running{io, threads};
        working.wait();
    }
    const duration<double, std::micro> busy = process_time() - busy_before;
    const duration<double> elapsed = clock::now() - begun;
    for (redlock::lock_manager& each : all) {
        close_on(io, each);
    }

    double cycles = 0;
    for (const managed_worker& each : crew) {
        cycles += static_cast<double>(each.cycles);
        line.errors += each.errors;
        line.error = each.last_error.empty() ? line.error : each.last_error;
    }
    line.figures = {static_cast<double>(managers), static_cast<double>(threads),
                    cycles / elapsed.count(), no_figure, busy.count() / cycles};
    return line;
}

void measure_managers(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    const double seconds = plan.seconds.value_or(usual_managers_seconds);
    vouch_for(used);
    struct managers_and_threads {
        std::size_t managers;
        std::size_t threads;
    };
    double one = 0;
    for (const auto [managers, threads] :
         {managers_and_threads{1, 1}, {1, 4}, {4, 4}, {16, 1}, {16, 4}}) {
        size_line line = measure_managers_line(used, managers, threads, seconds);
        one = one == 0 ? line.figures[2] : one;
        line.figures[3] = line.figures[2] / one;
        ready(std::move(line));
    }
}

/// Whether several threads help depends on the processors; that none fails does not, and each line
/// answers for its errors.
void judge_managers(size_series& series) {
    series.at_least(
        "lines without an error",
        static_cast<double>(std::count_if(series.lines.begin(), series.lines.end(),
                                          [](const size_line& each) { return each.errors == 0; })),
        static_cast<double>(series.lines.size()), 0);
}

size_series describe_shares() {
    return {.key = "shares",
            .title = "Two processes on one name",
            .note =
                "Each in a tight loop: acquire, release, on three nodes. Share: the acquisitions "
                "of the one that\nhad more over those of the other.",
            .columns = {{"processes", "processes"},
                        {"acquisitions_per_second", "acquired/s"},
                        {"share", "share", 3},
                        {"wait_p99_ms", "p99 ms", 3},
                        {"commands_each", "for each", 2}},
            .plots = {}};
}

void measure_shares(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const hand_over_line seen = measure_hand_over(nodes, {.processes = 2, .workers = 1},
                                                  plan.seconds.value_or(usual_shares_seconds));
    ready({{2, seen.rate, seen.unfairness.value_or(no_figure),
            duration<double, std::milli>(seen.p99).count(), seen.commands},
           seen.errors + seen.overlaps + seen.disordered,
           seen.errors > 0 ? seen.error : "two held the lock at once"});
}

void judge_shares(size_series& series) {
    if (!series.lines.empty()) {
        series.at_most("the larger share over the smaller", series.lines.front().figures[2], 1.2,
                       3);
    }
}

}  // namespace

size_part managers_part() {
    return {describe_managers, measure_managers, judge_managers};
}

size_part shares_part() {
    return {describe_shares, measure_shares, judge_shares};
}

}  // namespace bench
