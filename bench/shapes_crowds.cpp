// The series of readers and of permits: many that are held at once under one name.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <redlock/redlock.hpp>

#include "bench/server_commands.hpp"
#include "bench/shapes_takers.hpp"
#include "bench/sizes_crowd.hpp"
#include "bench/sizes_memory.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using std::chrono::duration;

std::vector<size_column> crowd_columns(const char* key) {
    return {{key, key},
            {"held", "held"},
            {"acquire_ms", "acquire ms", 1},
            {"acquire_us", "us each", 1},
            {"server_us", "server us", 1},
            {"server_bytes", "server B", 0},
            {"client_bytes", "client B", 0},
            {"release_ms", "release ms", 1}};
}

const char* const crowd_note =
    "All in one manager, with the default options, on three nodes. Held: how many were valid at "
    "the\n"
    "same moment, when the last had its answer. Server us and B: the time that one server spent on "
    "the\nacquisition of one, and the memory that it took for one.";

size_series describe_readers() {
    return {.key = "readers",
            .title = "Readers of one name",
            .note = crowd_note,
            .columns = crowd_columns("readers"),
            .plots = {{"server's time for one, us", 0, 4}, {"server's bytes for one", 0, 5}}};
}

size_series describe_permits() {
    return {.key = "permits",
            .title = "Permits of one semaphore, all held",
            .note = crowd_note,
            .columns = crowd_columns("permits"),
            .plots = {{"server's time for one, us", 0, 4}, {"server's bytes for one", 0, 5}}};
}

size_line measure_crowd(const size_nodes& nodes, const lock_taker& take, std::size_t count) {
    boost::asio::io_context io{1};
    redlock::lock_manager locks{io, nodes};
    lock_crowd crowd{io, locks, take};
    server_commands servers{nodes};
    const std::size_t unanswered = settle_on(io, locks) ? 0 : 1;
    // What the first sets up for all stays out of the count.
    crowd.acquire(1);
    crowd.release();

    trim_memory();
    const memory_use client_before = memory_now();
    const auto memory_before = static_cast<double>(servers.memory());
    const server_work work_before = servers.so_far();
    const nanoseconds begun = time_now();
    crowd.acquire(count);
    const nanoseconds acquired_in = time_now() - begun;
    const std::size_t held = crowd.valid();
    const memory_use client_used = memory_now() - client_before;
    const double server_us =
        static_cast<double>(servers.so_far().microseconds - work_before.microseconds);
    const double server_bytes = static_cast<double>(servers.memory()) - memory_before;
    const nanoseconds release_begun = time_now();
    crowd.release();
    const nanoseconds released_in = time_now() - release_begun;
    close_on(io, locks);

    const auto number = static_cast<double>(count);
    const double on_each_server = number * static_cast<double>(nodes.size());
    return {{number, static_cast<double>(held), duration<double, std::milli>(acquired_in).count(),
             duration<double, std::micro>(acquired_in).count() / number, server_us / on_each_server,
             server_bytes / on_each_server, client_used.counted / number,
             duration<double, std::milli>(released_in).count()},
            unanswered + crowd.errors(),
            crowd.last_error()};
}

void measure_readers(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    vouch_for(used);
    for (const std::size_t count : plan.up_to_largest({100, 1'000, 10'000})) {
        ready(measure_crowd(
            used, shared_locks([count](std::size_t) { return size_name("readers", count, 0); }),
            count));
    }
}

void measure_permits(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + usual_nodes};
    vouch_for(used);
    for (const std::size_t count : plan.up_to_largest({10, 100, 1'000})) {
        ready(measure_crowd(
            used,
            permits_of([count](std::size_t) { return size_name("permits", count, 0); }, count),
            count));
    }
}

void judge_held_at_once(size_series& series) {
    for (const size_line& line : series.lines) {
        series.at_least("held at once", line.figures[1], line.figures[0], 0);
    }
}

}  // namespace

size_part readers_part() {
    return {describe_readers, measure_readers, judge_held_at_once};
}

size_part permits_part() {
    return {describe_permits, measure_permits, judge_held_at_once};
}

}  // namespace bench
