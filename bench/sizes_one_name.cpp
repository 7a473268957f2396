// The series of waiters on one name, which is handed from one to the next within their manager.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <redlock/redlock.hpp>

#include "bench/sizes_crowd.hpp"
#include "bench/sizes_memory.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using std::chrono::duration;

/// Waiters of one manager on one name, from the first to the last that had the lock.
class one_name_queue {
  public:
    one_name_queue(boost::asio::io_context& io, redlock::lock_manager& locks,
                   const std::string& name)
        : io_(io), locks_(locks), name_(name) {}

    /// Until all of them wait: the event loop has nothing left to do but to wait for time.
    void line_up(std::size_t count) {
        left_ = count;
        io_.restart();
        for (std::size_t made = 0; made < count; ++made) {
            locks_.async_acquire(
                name_, {},
                [this](const redlock::error_code& error, redlock::lock held) { won(error, held); });
        }
        while (io_.poll() > 0) {
        }
    }
    /// Until each had it and gave it back.
    void run_out() {
        io_.restart();
        io_.run();
    }
    [[nodiscard]] std::size_t left() const { return left_; }
    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    void won(const redlock::error_code& error, redlock::lock& held) {
        note("acquire", error);
        if (error) {
            done();
            return;
        }
        held.async_release([this](const redlock::error_code& failed) {
            note("release", failed);
            done();
        });
    }
    void note(const char* what, const redlock::error_code& error) {
        if (error) {
            ++errors_;
            last_error_ = std::string{what} + ": " + error.message();
        }
    }
    void done() {
        if (--left_ == 0) {
            io_.stop();
        }
    }

    boost::asio::io_context& io_;
    redlock::lock_manager& locks_;
    redlock::resource_name name_;
    std::size_t left_ = 0;
    std::size_t errors_ = 0;
    std::string last_error_;
};

size_series describe_one_name() {
    return {.key = "one_name",
            .title = "Waiters on one name",
            .note =
                "All in one manager, which holds the lock while they line up and then releases "
                "it; each\nreleases it at once. Times of the client's processor are for one "
                "waiter.",
            .columns = {{"waiters", "waiters"},
                        {"bytes", "bytes"},
                        {"resident_bytes", "resident"},
                        {"set_up_ms", "set up ms", 1},
                        {"set_up_us", "set up us", 2},
                        {"hand_overs_per_second", "handed/s"},
                        {"client_us", "client us", 2}},
            .plots = {{"bytes a waiter", 0, 1},
                      {"client's processor time to line up, us", 0, 4},
                      {"hand-overs a second", 0, 5}}};
}

size_line measure_one_name_line(const size_nodes& nodes, std::size_t count) {
    boost::asio::io_context io{1};
    redlock::lock_manager locks{io, nodes};
    std::size_t errors = settle_on(io, locks) ? 0 : 1;
    const auto name = size_name("one-name", count, 0);
    one_name_queue queue{io, locks, name};
    lock_crowd holder{io, locks, [&](std::size_t) { return std::string{name}; }};
    // What the first waiters set up for all stays out of the count.
    queue.line_up(std::min<std::size_t>(count, 100));
    queue.run_out();
    holder.acquire(1);

    trim_memory();
    const memory_use before = memory_now();
    const nanoseconds begun = time_now();
    const nanoseconds busy_at_first = thread_time();
    queue.line_up(count);
    const nanoseconds lined_up_in = time_now() - begun;
    const nanoseconds busy_lining_up = thread_time() - busy_at_first;
    const memory_use used = memory_now() - before;
    errors += count - queue.left();  // Somebody had the lock beside its holder.

    const nanoseconds handed_from = time_now();
    const nanoseconds busy_before = thread_time();
    holder.release();
    queue.run_out();
    const duration<double> handed_in = time_now() - handed_from;
    const nanoseconds busy_handing = thread_time() - busy_before;
    close_on(io, locks);

    const auto number = static_cast<double>(count);
    const auto us_each = [&](nanoseconds time) {
        return duration<double, std::micro>(time).count() / number;
    };
    return {{number, used.counted / number, used.resident / number,
             duration<double, std::milli>(lined_up_in).count(), us_each(busy_lining_up),
             number / handed_in.count(), us_each(busy_handing)},
            errors + queue.errors() + holder.errors(),
            queue.last_error().empty() ? holder.last_error() : queue.last_error()};
}

void measure_one_name(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    vouch_for(used);
    for (const std::size_t count : plan.up_to_largest(waiter_counts())) {
        ready(measure_one_name_line(used, count));
    }
}

void judge_one_name(size_series& series) {
    series.grows_little("bytes a waiter", 1);
    series.grows_little("client time to line up", 4);
    series.grows_little("client time for a hand-over", 6);
}

}  // namespace

size_part one_name_part() {
    return {describe_one_name, measure_one_name, judge_one_name};
}

}  // namespace bench
