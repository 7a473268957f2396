// The series of costs: what a cycle of each shape takes of a server's time and of the client's,
// each in turn with plain locks on the same server.
#include <fmt/format.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <redlock/redlock.hpp>
#include <utility>

#include "bench/server_commands.hpp"
#include "bench/shapes_takers.hpp"
#include "bench/sizes_crowd.hpp"
#include "bench/sizes_parts.hpp"
#include "bench/slice.hpp"
#include "bench/vouch.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr double usual_costs_seconds = 1;
/// They come again in each turn. Few enough that a manager remembers as many semaphores, and that a
/// hundred readers of each are soon there.
constexpr std::size_t names = 128;

struct shape {
    std::string label;
    lock_taker (*take)(name_source name_of) = nullptr;
    /// What others hold of each name meanwhile: so many, by the same `take`.
    std::size_t others = 0;
    /// At most so many times a plain cycle's server time.
    std::optional<double> wanted{};
    /// How long each turn's locks are held. A watch for the loss begins some time after the wait.
    nanoseconds hold{0};
};

lock_taker permits_of_10(name_source name_of) {
    return permits_of(std::move(name_of), 10);
}
lock_taker permits_of_1000(name_source name_of) {
    return permits_of(std::move(name_of), 1000);
}
lock_taker three_names(name_source name_of) {
    return several_names(std::move(name_of), 3);
}

const std::vector<shape>& shapes() {
    static const std::vector<shape> all{
        {"plain lock", exclusive_locks},
        {"lock watched for its loss", watched_locks, 0, std::nullopt, 50ms},
        {"shared lock, 1 reader", shared_locks, 0, 1.3},
        {"shared lock, 2nd reader", shared_locks, 1, 1.3},
        {"shared lock, 100th reader", shared_locks, 99, 1.3},
        {"lock, downgraded", downgraded_locks},
        {"permit of 10, idle", permits_of_10, 0, 1.5},
        {"permit of 10, 9 taken", permits_of_10, 9, 1.5},
        {"permit of 1,000, idle", permits_of_1000},
        {"three names at once", three_names, 0, 1.6}};
    return all;
}

/// What a cycle took in one turn.
struct cycle_cost {
    double acquire_us = 0;  ///< Of the server.
    double cycle_us = 0;
    double commands = 0;
    double client_us = 0;
};

/// Takes and gives back one lock of each name in a turn.
class cycle_side {
  public:
    cycle_side(const size_nodes& nodes, const lock_taker& take, std::size_t at_once,
               nanoseconds hold)
        : locks_(io_, nodes),
          crowd_(io_, locks_, take, at_once),
          hold_(hold),
          unanswered_(settle_on(io_, locks_) ? 0 : 1) {}
    ~cycle_side() { close_on(io_, locks_); }
    cycle_side(const cycle_side&) = delete;
    cycle_side& operator=(const cycle_side&) = delete;

    cycle_cost turn(server_commands& servers) {
        const server_work before = servers.so_far();
        const nanoseconds busy_before = thread_time();
        crowd_.acquire(names);
        if (hold_ > 0ns) {
            io_.restart();
            io_.run_for(hold_);
        }
        nanoseconds busy = thread_time() - busy_before;
        const server_work taken = servers.so_far();
        const nanoseconds busy_between = thread_time();
        crowd_.release();
        busy += thread_time() - busy_between;
        const server_work after = servers.so_far();
        const auto each = [](auto amount) { return static_cast<double>(amount) / names; };
        return {each(taken.microseconds - before.microseconds),
                each(after.microseconds - before.microseconds),
                each(after.commands - before.commands),
                each(std::chrono::duration<double, std::micro>(busy).count())};
    }
    [[nodiscard]] std::size_t errors() const { return unanswered_ + crowd_.errors(); }
    [[nodiscard]] const std::string& last_error() const { return crowd_.last_error(); }

  private:
    boost::asio::io_context io_{1};
    redlock::lock_manager locks_;
    lock_crowd crowd_;
    nanoseconds hold_;
    std::size_t unanswered_;
};

/// Those who hold some of each name all the time. They renew their locks only between the turns.
class bystanders {
  public:
    bystanders(const size_nodes& nodes, const lock_taker& take, std::size_t of_each_name)
        : locks_(io_, nodes),
          crowd_(io_, locks_, take),
          unanswered_(settle_on(io_, locks_) ? 0 : 1) {
        const redlock::manager_options defaults;
        crowd_.acquire(names * of_each_name,
                       {.lease_time = defaults.max_lease_time, .renew = true});
    }
    ~bystanders() {
        crowd_.release();
        close_on(io_, locks_);
    }
    bystanders(const bystanders&) = delete;
    bystanders& operator=(const bystanders&) = delete;

    void renew() { unanswered_ += settle_on(io_, locks_) ? 0U : 1U; }
    [[nodiscard]] std::size_t errors() const { return unanswered_ + crowd_.errors(); }

  private:
    boost::asio::io_context io_{1};
    redlock::lock_manager locks_;
    lock_crowd crowd_;
    std::size_t unanswered_;
};

/// Medians over the turns, and of the turns' own ratios to the plain locks beside them.
class cost_record {
  public:
    void add(const cycle_cost& plain, const cycle_cost& shape) {
        for (std::size_t at = 0; at < columns.size(); ++at) {
            costs_[at].push_back(shape.*columns[at]);
            ratios_[at].push_back(shape.*columns[at] / plain.*columns[at]);
        }
    }
    [[nodiscard]] double cost(std::size_t column) const { return median(costs_[column]); }
    [[nodiscard]] double ratio(std::size_t column) const { return median(ratios_[column]); }

    static constexpr std::size_t acquire = 0;
    static constexpr std::size_t cycle = 1;
    static constexpr std::size_t commands = 2;
    static constexpr std::size_t client = 3;

  private:
    static constexpr std::array columns{&cycle_cost::acquire_us, &cycle_cost::cycle_us,
                                        &cycle_cost::commands, &cycle_cost::client_us};
    std::array<std::vector<double>, columns.size()> costs_;
    std::array<std::vector<double>, columns.size()> ratios_;
};

size_series describe_costs() {
    return {.key = "costs",
            .title = "What a cycle of each shape costs",
            .note = fmt::format(
                "To acquire and to release, on one node, {} names that come again, 1 and 64 at "
                "once. Each line\nin turn with plain locks, and its ratios to these; medians. us: "
                "the server's time by\nINFO commandstats, what the scripts call included; client: "
                "processor time of its thread.",
                names),
            .label_head = "shape",
            .columns = {{"at_once", "at"},
                        {"acquire_us", "acquire us", 2},
                        {"acquire_ratio", "to plain", 2},
                        {"cycle_us", "cycle us", 2},
                        {"cycle_ratio", "to plain", 2},
                        {"commands", "commands", 2},
                        {"client_us", "client us", 1},
                        {"client_ratio", "to plain", 2}},
            .plots = {}};
}

/// Of the `place`-th shape.
size_line measure_shape(const size_nodes& nodes, std::size_t place, std::size_t at_once,
                        double seconds) {
    const shape& what = shapes()[place];
    const auto named = [&](const char* series) -> name_source {
        return [series, place, at_once](std::size_t number) {
            return size_name(fmt::format("{}-{}", series, place), at_once, number % names);
        };
    };
    server_commands servers{nodes};
    std::optional<bystanders> others;
    if (what.others > 0) {
        others.emplace(nodes, what.take(named("shape")), what.others);
    }
    cycle_side plain{nodes, exclusive_locks(named("beside")), at_once, what.hold};
    cycle_side shaped{nodes, what.take(named("shape")), at_once, what.hold};
    // What is learned of a name, or set up for all, when it is met for the first time.
    plain.turn(servers);
    shaped.turn(servers);

    cost_record record;
    const auto length = std::chrono::duration<double>{seconds};
    const nanoseconds begun = time_now();
    do {
        if (others) {
            others->renew();
        }
        const cycle_cost of_plain = plain.turn(servers);
        record.add(of_plain, shaped.turn(servers));
    } while (time_now() - begun < length);
    return {.figures = {static_cast<double>(at_once), record.cost(cost_record::acquire),
                        record.ratio(cost_record::acquire), record.cost(cost_record::cycle),
                        record.ratio(cost_record::cycle), record.cost(cost_record::commands),
                        record.cost(cost_record::client), record.ratio(cost_record::client)},
            .errors = plain.errors() + shaped.errors() + (others ? others->errors() : 0),
            .error = shaped.last_error().empty() ? plain.last_error() : shaped.last_error(),
            .label = what.label};
}

void measure_costs(const size_nodes& nodes, const size_plan& plan, const size_sink& ready) {
    const size_nodes used{nodes.begin(), nodes.begin() + 1};
    vouch_for(used);
    for (const std::size_t at_once : {1U, 64U}) {
        for (std::size_t place = 0; place < shapes().size(); ++place) {
            ready(measure_shape(used, place, at_once, plan.seconds.value_or(usual_costs_seconds)));
        }
    }
}

void judge_costs(size_series& series) {
    for (const size_line& line : series.lines) {
        for (const shape& each : shapes()) {
            if (each.wanted && each.label == line.label) {
                series.at_most(fmt::format("server time of a cycle to a plain one, {}, {:.0f} at "
                                           "once",
                                           line.label, line.figures[0]),
                               line.figures[4], *each.wanted, 2);
            }
        }
    }
}

}  // namespace

size_part costs_part() {
    return {describe_costs, measure_costs, judge_costs, 1};
}

}  // namespace bench
