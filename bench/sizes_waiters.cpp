// The series of waiters: many on one name, which is handed from one to the next, and many names
// with a waiter each, which wait while nothing happens.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <redlock/redlock.hpp>
#include <string_view>
#include <utility>

#include "bench/server_commands.hpp"
#include "bench/sizes_crowd.hpp"
#include "bench/sizes_memory.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using std::chrono::duration;

const std::vector<std::size_t> waiter_counts{100, 1'000, 10'000, 100'000};
/// As long as a waiter relies on being told of a change: each looks again once in this time.
constexpr double usual_idle_seconds = 22;
/// Names that a waiter begins to wait for at once.
constexpr std::size_t begun_at_once = 256;
/// How many names the servers of a small machine can serve with holders that renew by default.
constexpr std::size_t most_renewed_names = 10'000;

/// Waiters of one manager on one name, from the first to the last that had the lock.
class one_name_queue {
  public:
    one_name_queue(boost::asio::io_context& io, redlock::lock_manager& locks, std::string name)
        : io_(io), locks_(locks), name_(std::move(name)) {}

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
    lock_crowd holder{io, locks, [&](std::size_t) { return name; }};
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
    for (const std::size_t count : plan.up_to_largest(waiter_counts)) {
        ready(measure_one_name_line(used, count));
    }
}

/// One waiter for each of many names that another manager holds. It also watches its manager: a
/// waiter waits once its first attempt has found the lock taken.
class waiters_each final : public redlock::observer {
  public:
    using name_source = lock_crowd::name_source;

    waiters_each(boost::asio::io_context& io, name_source name_of)
        : io_(io), name_of_(std::move(name_of)) {}

    void on_event(const redlock::event& what) noexcept override {
        if (what.kind == redlock::event_kind::attempt_failed && settling_ > 0) {
            note_waiting(what.resource);
        }
    }

    /// Until each of them waits, or something ended a wait.
    void line_up(redlock::lock_manager& locks, std::size_t count) {
        locks_ = &locks;
        waits_.assign(count, false);
        settling_ = count;
        for (std::size_t made = 0; made < std::min(count, begun_at_once); ++made) {
            begin_next();
        }
        io_.restart();
        io_.run();
    }
    [[nodiscard]] std::size_t ended() const { return ended_; }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

  private:
    void begin_next() {
        if (begun_ == waits_.size()) {
            return;
        }
        locks_->async_acquire(name_of_(begun_++), {},
                              [this](const redlock::error_code& error, const redlock::lock&) {
                                  ++ended_;
                                  last_error_ = error ? error.message() : "a held lock was won";
                                  io_.stop();
                              });
    }
    void note_waiting(std::string_view name) {
        std::size_t number = waits_.size();
        const auto digits = name.substr(name.rfind(':') + 1);
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (number < waits_.size() && !waits_[number]) {
            waits_[number] = true;
            begin_next();
            if (--settling_ == 0) {
                io_.stop();
            }
        }
    }

    boost::asio::io_context& io_;
    name_source name_of_;
    redlock::lock_manager* locks_ = nullptr;
    std::vector<bool> waits_;
    std::size_t begun_ = 0;
    std::size_t settling_ = 0;
    std::size_t ended_ = 0;
    std::string last_error_;
};

/// Who holds the names: with the default options; or with one lease that lasts throughout, so that
/// every command is a waiter's.
enum class name_holders { renewing, silent };

redlock::manager_options options_for(name_holders holders) {
    redlock::manager_options options;
    if (holders == name_holders::silent) {
        options.lease_time = options.max_lease_time = options.fence_lifetime;
    }
    return options;
}

size_series describe_many_names() {
    return {.key = "many_names",
            .title = "Names with a waiter each",
            .note =
                "One manager holds the names, and one waiter for each is in another. With a "
                "lease of 120 s the holder\nsends nothing meanwhile; with the default lease "
                "it renews. Commands are what all three servers\nreceive while nothing else "
                "happens; tries are the rounds of commands that the waiters begin.",
            .columns = {{"names", "names"},
                        {"lease_s", "lease s"},
                        {"bytes", "bytes"},
                        {"resident_bytes", "resident"},
                        {"set_up_s", "set up s", 2},
                        {"set_up_us", "set up us", 2},
                        {"commands_per_second", "commands/s", 1},
                        {"tries_per_second", "tries/s", 1},
                        {"tries_per_second_each", "tries each", 4},
                        {"core_share_percent", "core %", 2}},
            .plots = {{"bytes a waiter", 0, 2, 1},
                      {"client's processor time to begin to wait, us", 0, 5, 1},
                      {"tries a second for each waiter", 0, 8, 1}}};
}

size_line measure_many_names_line(const size_nodes& nodes, std::size_t count, name_holders held_by,
                                  double seconds) {
    boost::asio::io_context io{1};
    redlock::manager_options options = options_for(held_by);
    vouch_for(nodes, options);
    const lock_crowd::name_source name_of = [&](std::size_t number) {
        return size_name(fmt::format("many-names-{}", options.lease_time.count()), count, number);
    };
    server_commands servers{nodes};
    redlock::lock_manager holding{io, nodes, options};
    lock_crowd holders{io, holding, name_of};
    const auto waiters = std::make_shared<waiters_each>(io, name_of);
    options.events = waiters;
    redlock::lock_manager waiting{io, nodes, options};
    std::size_t errors = settle_on(io, holding) && settle_on(io, waiting) ? 0 : 1;
    holders.acquire(count, {.renew = held_by == name_holders::renewing});

    trim_memory();
    const memory_use before = memory_now();
    const nanoseconds begun = time_now();
    const nanoseconds busy_at_first = thread_time();
    waiters->line_up(waiting, count);
    const duration<double> lined_up_in = time_now() - begun;
    const nanoseconds busy_lining_up = thread_time() - busy_at_first;
    io.restart();
    io.run_for(std::chrono::milliseconds{500});  // The last of them have their answers.
    const memory_use used = memory_now() - before;

    const std::uint64_t commands_before = servers.count();
    const std::uint64_t tries_before = waiting.statistics().attempts;
    const nanoseconds idle_from = time_now();
    const nanoseconds busy_before = thread_time();
    io.restart();
    io.run_for(nanoseconds{static_cast<nanoseconds::rep>(seconds * 1e9)});
    const duration<double> busy = thread_time() - busy_before;
    const duration<double> idle = time_now() - idle_from;
    const auto tries = static_cast<double>(waiting.statistics().attempts - tries_before);
    const auto commands = static_cast<double>(servers.count() - commands_before);
    errors += waiters->ended() + holders.errors();

    const std::string error =
        waiters->last_error().empty() ? holders.last_error() : waiters->last_error();
    close_on(io, waiting);
    holders.release();
    close_on(io, holding);
    const auto number = static_cast<double>(count);
    return {
        {number, duration<double>(options.lease_time).count(), used.counted / number,
         used.resident / number, lined_up_in.count(),
         duration<double, std::micro>(busy_lining_up).count() / number, commands / idle.count(),
         tries / idle.count(), tries / idle.count() / number, 100 * busy.count() / idle.count()},
        errors,
        error};
}

void measure_many_names(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    const double seconds = plan.seconds.value_or(usual_idle_seconds);
    for (const std::size_t count : plan.up_to_largest(waiter_counts)) {
        ready(measure_many_names_line(used, count, name_holders::silent, seconds));
    }
    for (const std::size_t count : plan.up_to_largest({1'000, most_renewed_names})) {
        ready(measure_many_names_line(used, count, name_holders::renewing, seconds));
    }
}

/// The figure of `column` at the largest size over that at the one before it.
void judge_growth(size_series& series, const std::string& what, std::size_t column) {
    const size_line* const many = series.line_of(100'000);
    const size_line* const fewer = series.line_of(10'000);
    if (many != nullptr && fewer != nullptr) {
        series.at_most(what + ", 100,000 over 10,000",
                       many->figures[column] / fewer->figures[column], 1.5, 2);
    }
}

void judge_one_name(size_series& series) {
    judge_growth(series, "bytes a waiter", 1);
    judge_growth(series, "client time to line up", 4);
    judge_growth(series, "client time for a hand-over", 6);
}

void judge_many_names(size_series& series) {
    judge_growth(series, "bytes a waiter", 2);
    judge_growth(series, "client time to begin to wait", 5);
    judge_growth(series, "tries for each waiter", 8);
}

}  // namespace

size_part one_name_part() {
    return {describe_one_name, measure_one_name, judge_one_name};
}

size_part many_names_part() {
    return {describe_many_names, measure_many_names, judge_many_names};
}

}  // namespace bench
