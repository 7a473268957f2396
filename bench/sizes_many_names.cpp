// The series of many names with a waiter each, which wait while nothing happens.
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

/// As long as a waiter relies on being told of a change: each looks again once in this time.
constexpr double usual_idle_seconds = 22;
/// Names that a waiter begins to wait for at once.
constexpr std::size_t begun_at_once = 256;
/// How many names the servers of a small machine can serve with holders that renew by default.
constexpr std::size_t most_renewed_names = 10'000;

/// One waiter for each of many names that another manager holds. It also watches its manager: a
/// waiter waits once its first attempt has found the lock taken.
class waiters_each final : public redlock::observer {
  public:
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
                "happens; tries are the rounds of commands that the waiters begin, and woken are "
                "those\nof them "
                "that a change message made them begin.",
            .columns = {{"names", "names"},
                        {"lease_s", "lease s"},
                        {"bytes", "bytes"},
                        {"resident_bytes", "resident"},
                        {"set_up_s", "set up s", 2},
                        {"set_up_us", "set up us", 2},
                        {"commands_per_second", "commands/s", 1},
                        {"tries_per_second", "tries/s", 1},
                        {"woken_per_second", "woken/s", 1},
                        {"tries_per_second_each", "tries each", 4},
                        {"core_share_percent", "core %", 2}},
            .plots = {{"bytes a waiter", 0, 2, 1},
                      {"client's processor time to begin to wait, us", 0, 5, 1},
                      {"tries a second for each waiter", 0, 9, 1}}};
}

/// What waiting costs while nothing happens, a second.
struct idle_seen {
    double commands = 0;
    double tries = 0;
    double woken = 0;  ///< Tries because of a change message.
    double core_share = 0;
};

idle_seen watch_idle(boost::asio::io_context& io, server_commands& servers,
                     const redlock::lock_manager& waiting, double seconds) {
    const std::uint64_t commands_before = servers.count();
    const redlock::manager_statistics before = waiting.statistics();
    const nanoseconds begun = time_now();
    const nanoseconds busy_before = thread_time();
    io.restart();
    io.run_for(nanoseconds{static_cast<nanoseconds::rep>(seconds * 1e9)});
    const duration<double> busy = thread_time() - busy_before;
    const duration<double> elapsed = time_now() - begun;
    const redlock::manager_statistics after = waiting.statistics();
    const auto commands = static_cast<double>(servers.count() - commands_before);
    const auto a_second = [&](std::uint64_t now, std::uint64_t then) {
        return static_cast<double>(now - then) / elapsed.count();
    };
    return {.commands = commands / elapsed.count(),
            .tries = a_second(after.attempts, before.attempts),
            .woken = a_second(after.wake_ups, before.wake_ups),
            .core_share = busy / elapsed};
}

size_line measure_many_names_line(const size_nodes& nodes, std::size_t count, name_holders held_by,
                                  double seconds) {
    boost::asio::io_context io{1};
    redlock::manager_options options = options_for(held_by);
    vouch_for(nodes, options);
    const name_source name_of = [&](std::size_t number) {
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

    const idle_seen seen = watch_idle(io, servers, waiting, seconds);
    errors += waiters->ended() + holders.errors();

    const std::string error =
        waiters->last_error().empty() ? holders.last_error() : waiters->last_error();
    close_on(io, waiting);
    holders.release();
    close_on(io, holding);
    const auto number = static_cast<double>(count);
    return {{number, duration<double>(options.lease_time).count(), used.counted / number,
             used.resident / number, lined_up_in.count(),
             duration<double, std::micro>(busy_lining_up).count() / number, seen.commands,
             seen.tries, seen.woken, seen.tries / number, 100 * seen.core_share},
            errors,
            error};
}

void measure_many_names(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    const double seconds = plan.seconds.value_or(usual_idle_seconds);
    for (const std::size_t count : plan.up_to_largest(waiter_counts())) {
        ready(measure_many_names_line(used, count, name_holders::silent, seconds));
    }
    for (const std::size_t count : plan.up_to_largest({1'000, most_renewed_names})) {
        ready(measure_many_names_line(used, count, name_holders::renewing, seconds));
    }
}

void judge_many_names(size_series& series) {
    series.grows_little("bytes a waiter", 2);
    series.grows_little("client time to begin to wait", 5);
    series.grows_little("tries for each waiter", 9);
}

}  // namespace

size_part many_names_part() {
    return {describe_many_names, measure_many_names, judge_many_names};
}

}  // namespace bench
