// The public world over the simulated one; see redlock/testing.hpp.
#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "redlock/error.hpp"
#include "redlock/testing.hpp"
#include "testing/simulated_world.hpp"

namespace redlock::testing {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_nodes = 63;  // as a manager takes
// Clocks that run twice as fast, and were set to the latest date, can still tell it.
constexpr tick end_of_time = 60 * 365 * 24 * 3'600 * second;
// Dates that clocks may be set to, as time since 1970.
constexpr tick first_date = 365 * 24 * 3'600 * second;
constexpr tick last_date = 130 * first_date;

void refuse_unless(bool sensible, std::string why) {
    if (!sensible) {
        throw lock_error(errc::invalid_argument, {std::move(why), {}});
    }
}

/// By how much a clock is set that shows `now`.
tick checked_step(tick now, world::duration by) {
    refuse_unless(by.count() >= first_date - now && by.count() <= last_date - now,
                  "a clock is set to a date from 1971 to 2099");
    return by.count();
}

const world_options& checked(const world_options& options) {
    refuse_unless(options.nodes >= 1 && options.nodes <= most_nodes,
                  "a world has from 1 to " + std::to_string(most_nodes) + " nodes, and not " +
                      std::to_string(options.nodes));
    refuse_unless(
        options.fastest_message.count() >= 0 && options.slowest_message >= options.fastest_message,
        "fastest_message must be at least 0, and slowest_message at least that");
    refuse_unless(options.slowest_message.count() <= end_of_time,
                  "slowest_message is longer than the 60 years that a world lasts");
    return options;
}

}  // namespace

struct world::state {
    explicit state(const world_options& options)
        : inner(engine, options.seed, options.nodes,
                {.fastest = options.fastest_message.count(),
                 .slowest = options.slowest_message.count()}),
          chance(options.seed, 1) {
        inner.add_process();
    }

    [[nodiscard]] tick in(duration time) {
        const tick now = inner.time().now();
        return time.count() < end_of_time - now ? now + time.count() : end_of_time;
    }

    scripts engine;
    simulated_world inner;
    random_stream chance;
};

world::world(const world_options& options) : state_(std::make_unique<state>(checked(options))) {}

world::~world() = default;

boost::asio::any_io_executor world::get_executor() {
    return first_process().get_executor();
}

node_list world::nodes() const {
    std::vector<std::string> urls;
    for (std::size_t each = 0; each < state_->inner.nodes(); ++each) {
        urls.push_back(simulated_world::url(each));
    }
    return urls;
}

process world::add_process() {
    return {*state_, state_->inner.add_process().number()};
}

process world::first_process() {
    return {*state_, 0};
}

boot_clock::time_point world::now() const {
    return state_->inner.process_at(0).now();
}

void world::run_for(duration time) {
    const tick end = state_->in(time);
    state_->inner.run_until(end, [] { return false; });
    state_->inner.time().go_to(end);
}

bool world::run_until(const std::function<bool()>& done, duration longest) {
    const tick end = state_->in(longest);
    if (state_->inner.run_until(end, done)) {
        return true;
    }
    if (state_->inner.time().next() == no_tick) {
        return false;
    }
    state_->inner.time().go_to(end);
    return done();
}

void world::after(duration time, std::function<void()> what) {
    state_->inner.time().at(state_->in(time), std::move(what));
}

void world::start_sleep(duration time, any_handler handler) {
    struct sleep {
        any_handler handler;
        boost::asio::any_completion_executor where;
        std::shared_ptr<char> open = std::make_shared<char>();

        /// Outside of all event loops, so that nothing is called at once.
        void finish(error_code why) {
            open = nullptr;
            if (handler) {
                boost::asio::dispatch(where, [last = std::exchange(handler, nullptr),
                                              why]() mutable { std::move(last)(why); });
            }
        }
    };
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    const boost::asio::any_completion_executor where =
        boost::asio::get_associated_executor(handler, get_executor());
    const auto asleep = std::make_shared<sleep>(std::move(handler), where);
    if (slot.is_connected()) {
        slot.assign([this, weak = std::weak_ptr{asleep}](boost::asio::cancellation_type) {
            if (const auto still = weak.lock()) {
                after({}, [still] { still->finish(boost::asio::error::operation_aborted); });
            }
        });
    }
    state_->inner.time().at(state_->in(time), asleep->open, [asleep] { asleep->finish({}); });
}

std::uint64_t world::random(std::uint64_t bound) {
    return bound >> 32U == 0 ? state_->chance.below(bound) : state_->chance.bits() % bound;
}

void world::freeze(node_index node, duration time) {
    state_->inner.at(node).freeze(state_->in(time));
}

void world::kill(node_index node) {
    if (state_->inner.at(node).is_up()) {
        state_->inner.at(node).go_down(simulated_node::memory::kept);
    }
}

void world::restart(node_index node, memory what) {
    simulated_node& which = state_->inner.at(node);
    which.go_down(what == memory::lost ? simulated_node::memory::lost
                                       : simulated_node::memory::kept);
    which.come_back();
}

void world::set_clock(node_index node, duration by) {
    simulated_node& which = state_->inner.at(node);
    which.step_clock(checked_step(which.clock_us() * microsecond, by));
}

void world::set_full(node_index node, bool yes) {
    state_->inner.at(node).set_full(yes);
}

void world::lose(const resource_name& resource) {
    for (node_index each = 0; each < state_->inner.nodes(); ++each) {
        if (state_->inner.at(each).is_up()) {
            lose(resource, each);
        }
    }
}

void world::lose(const resource_name& resource, node_index node) {
    state_->inner.at(node).execute({"DEL", resource.str()});
}

lock_token world::holder(const resource_name& resource, node_index node) {
    return lock_token{state_->inner.at(node).text_at(resource.str()).value_or("")};
}

lock_token world::holder(const resource_name& resource) {
    std::map<lock_token, std::size_t> counts;
    for (node_index each = 0; each < state_->inner.nodes(); ++each) {
        ++counts[holder(resource, each)];
    }
    for (const auto& [token, count] : counts) {
        if (count * 2 > state_->inner.nodes()) {
            return token;
        }
    }
    return {};
}

// ---- a process ----

boost::asio::io_context& process::context() const {
    return in_->inner.process_at(number_).loop();
}

boost::asio::any_io_executor process::get_executor() const {
    return context().get_executor();
}

boot_clock::time_point process::now() const {
    return in_->inner.process_at(number_).now();
}

void process::pause(duration time) const {
    in_->inner.process_at(number_).pause(in_->in(time));
}

void process::kill() const {
    in_->inner.process_at(number_).kill();
}

void process::set_wall_clock(duration by) const {
    simulated_process& which = in_->inner.process_at(number_);
    which.step_wall_clock(checked_step(which.wall_now().time_since_epoch() / 1ns, by));
}

void process::set_clock_rate(std::int64_t millionths) const {
    constexpr std::int64_t standstill = 1'000'000;
    refuse_unless(millionths > -standstill && millionths <= standstill,
                  "a clock runs forward, and at most twice as fast");
    in_->inner.process_at(number_).set_clock_rate(millionths);
}

void process::cut(node_index node, bool carried_out) const {
    static_cast<void>(in_->inner.at(node));  // throws
    in_->inner.cut(number_, node, carried_out, 0);
}

void process::cut_off(node_index node, duration time) const {
    in_->inner.part(number_, node, in_->in(time));
}

void process::slow_down(node_index node, duration by, duration time) const {
    refuse_unless(by.count() >= 0, "slow_down: a message cannot take less time than it takes");
    in_->inner.slow_down(number_, node, std::min(by.count(), end_of_time), in_->in(time));
}

}  // namespace redlock::testing
