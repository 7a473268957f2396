#include "testing/simulated_world.hpp"

#include <algorithm>
#include <string_view>

namespace redlock::testing {

namespace {

constexpr std::string_view host_begins = "node-";
constexpr std::string_view host_ends = ".test";
constexpr std::uint16_t port = 6379;

}  // namespace

/// What lies between one process and one node.
class simulated_world::way final : public wire_weather {
  public:
    way(timeline& time, random_stream& chance, const message_times& times, simulated_process& from,
        simulated_node& to)
        : time_(time), chance_(chance), times_(times), from_(from), to_(to) {
        if (times.steady) {
            times_.fastest = times_.slowest = usual();
        }
    }

    tick delay(side /*from*/) override {
        return usual() + (time_.now() < slow_until_ ? slow_by_ : 0);
    }
    tick blocked_until(side to) override {
        return to == side::server ? std::max(parted_until_, to_.frozen_until())
                                  : std::max(parted_until_, from_.paused_until());
    }

    void slow_down(tick by, tick until) {
        slow_by_ = by;
        slow_until_ = until;
    }
    void part(tick until) { parted_until_ = std::max(parted_until_, until); }

  private:
    [[nodiscard]] tick usual() { return chance_.between(times_.fastest, times_.slowest); }

    timeline& time_;
    random_stream& chance_;
    message_times times_;
    simulated_process& from_;
    simulated_node& to_;
    tick slow_by_ = 0;
    tick slow_until_ = 0;
    tick parted_until_ = 0;
};

simulated_world::simulated_world(scripts& engine, std::uint64_t seed, std::size_t nodes,
                                 message_times times)
    : seed_(seed), chance_(seed, 3), times_(times) {
    for (std::size_t number = 0; number < nodes; ++number) {
        nodes_.push_back(std::make_unique<simulated_node>(*time_, engine, seed, number));
        nodes_.back()->begin({wall_time, 0}, 24 * 3600 * second);
    }
}

simulated_world::~simulated_world() {
    time_->clear();
    for (const auto& each : processes_) {
        each->end();
    }
}

std::string simulated_world::url(std::size_t which) {
    return "redis://" + std::string{host_begins} + std::to_string(which) + std::string{host_ends} +
           ":" + std::to_string(port);
}

simulated_process& simulated_world::add_process() {
    network& reaches = *this;
    processes_.push_back(
        std::make_shared<simulated_process>(time_, reaches, seed_, processes_.size()));
    processes_.back()->set_clocks({since_boot, 0}, {wall_time, 0});
    processes_.back()->begin();
    return *processes_.back();
}

bool simulated_world::run_until(tick end, const std::function<bool()>& done) {
    settle();
    while (!done()) {
        const tick next = time_->next();
        if (next == no_tick || next > end) {
            return false;
        }
        time_->step();
        settle();
    }
    return true;
}

/// Runs whatever is ready.
void simulated_world::settle() {
    bool any = true;
    while (any) {  // what one process runs may give another something to do
        any = false;
        // By number: what runs may add a process.
        std::size_t which = 0;
        while (which < processes_.size()) {
            any = processes_[which++]->run() || any;
        }
    }
}

std::optional<network::server> simulated_world::find(const endpoint& where) {
    for (std::size_t which = 0; which < nodes_.size(); ++which) {
        if (where.port == port && where.host == std::string{host_begins} + std::to_string(which) +
                                                    std::string{host_ends}) {
            return which;
        }
    }
    return std::nullopt;
}

const std::shared_ptr<simulated_world::way>& simulated_world::between(std::size_t from,
                                                                      std::size_t to) {
    auto& found = ways_[{from, to}];
    if (found == nullptr) {
        found = std::make_shared<way>(*time_, chance_, times_, process_at(from), at(to));
    }
    return found;
}

std::shared_ptr<wire_weather> simulated_world::weather(simulated_process& from, server to) {
    return between(from.number(), to);
}

std::shared_ptr<wire> simulated_world::connect(simulated_process& from, server to,
                                               const std::shared_ptr<wire_weather>& weather) {
    auto made = std::make_shared<wire>(*time_, chance_, weather);
    at(to).accept(made, from.number());
    from.add(to, made);
    return made;
}

void simulated_world::slow_down(std::size_t from, std::size_t to, tick by, tick until) {
    between(from, to)->slow_down(by, until);
}

void simulated_world::part(std::size_t from, std::size_t to, tick until) {
    between(from, to)->part(until);
}

void simulated_world::cut(std::size_t from, std::size_t to, bool carried_out, tick noticed_after) {
    for (const auto& each : process_at(from).wires_to(to)) {
        each->cut(carried_out, noticed_after);
    }
}

}  // namespace redlock::testing
