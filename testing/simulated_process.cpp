#include "testing/simulated_process.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "testing/simulated_stream.hpp"

namespace redlock::testing {

namespace {

/// A wake-up that the timeline brings about. What is planned outlives the timer, and finds out.
class virtual_timer final : public outside::timer {
  public:
    virtual_timer(std::shared_ptr<simulated_process> of, const boost::asio::any_io_executor& strand,
                  owner& told)
        : state_(std::make_shared<state>(std::move(of), strand, &told)) {
        state_->of->add(*state_);
    }
    ~virtual_timer() override {
        state_->of->remove(*state_);
        state_->told = nullptr;
        state_->planned = nullptr;
    }
    virtual_timer(const virtual_timer&) = delete;
    virtual_timer& operator=(const virtual_timer&) = delete;

    void arm(boot_clock::time_point at) override {
        if (state_->armed_for == at) {
            return;
        }
        state_->armed_for = at;
        if (state_->held == nullptr && state_->of->alive()) {
            state_->held = state_->kept.lock();
        }
        state_->plan();
    }
    void disarm() override {
        state_->armed_for = boot_clock::time_point::max();
        state_->planned = nullptr;
        state_->let_go();
    }
    void keep_alive(std::weak_ptr<void> whom) override { state_->kept = std::move(whom); }

  private:
    struct state final : simulated_process::sleeper, std::enable_shared_from_this<state> {
        state(std::shared_ptr<simulated_process> its_process,
              boost::asio::any_io_executor its_strand, owner* its_owner)
            : of(std::move(its_process)), strand(std::move(its_strand)), told(its_owner) {}

        void plan() {
            planned = std::make_shared<char>();
            plan_at(of->when(armed_for));
        }
        /// For that plan alone: another one, or none, makes it void.
        void plan_at(tick when) {
            of->time().at(when, planned, [weak = weak_from_this()] {
                if (const auto alive = weak.lock()) {
                    alive->ring();
                }
            });
        }
        void ring() {
            if (!of->alive()) {
                return;
            }
            if (of->paused_until() > of->time().now()) {
                plan_at(of->paused_until());
                return;
            }
            boost::asio::post(
                strand, [self = shared_from_this(), keep = held, whom = std::weak_ptr{planned}] {
                    if (!whom.expired() && self->told != nullptr) {
                        self->armed_for = boot_clock::time_point::max();
                        self->planned = nullptr;
                        self->held = nullptr;
                        self->told->on_time();
                    }
                });
            of->run();
        }
        void on_clock_set() override {
            if (armed_for != boot_clock::time_point::max()) {
                plan();
            }
        }
        void on_killed() override { planned = nullptr; }
        std::shared_ptr<void> take_kept() override { return std::exchange(held, nullptr); }
        /// On the strand, where alone what was kept may be destroyed.
        void let_go() {
            if (held != nullptr) {
                boost::asio::post(strand, [last = std::move(held)] {});
                held = nullptr;
            }
        }

        std::shared_ptr<simulated_process> of;
        boost::asio::any_io_executor strand;
        owner* told;
        std::weak_ptr<void> kept;
        std::shared_ptr<void> held;  ///< While armed.
        boot_clock::time_point armed_for = boot_clock::time_point::max();
        std::shared_ptr<char> planned;  ///< Until that rings.
    };

    std::shared_ptr<state> state_;
};

}  // namespace

simulated_process::simulated_process(std::shared_ptr<timeline> time, network& reaches,
                                     std::uint64_t world_seed, std::size_t number)
    : time_(std::move(time)),
      network_(&reaches),
      chance_(world_seed, 2000 + number),
      number_(number),
      loop_(std::make_unique<boost::asio::io_context>(1)) {}

simulated_process::~simulated_process() = default;

void simulated_process::begin() {
    outside::place(*loop_, shared_from_this());
}

void simulated_process::end() {
    alive_ = false;
    std::vector<std::shared_ptr<void>> kept;
    kept.reserve(sleepers_.size());
    for (sleeper* const each : sleepers_) {
        kept.push_back(each->take_kept());
    }
    kept.clear();
    loop_.reset();
}

void simulated_process::set_clocks(drifting_clock boot, drifting_clock wall) {
    boot_ = boot;
    wall_ = wall;
}

void simulated_process::set_clock_rate(std::int64_t ppm) {
    boot_ = drifting_clock{boot_.at(time_->now()), ppm, time_->now()};
    wall_ = drifting_clock{wall_.at(time_->now()), ppm, time_->now()};
    for (sleeper* const each : sleepers_) {
        each->on_clock_set();
    }
}

tick simulated_process::when(boot_clock::time_point shown) const {
    return boot_.when(shown.time_since_epoch().count());
}

boot_clock::time_point simulated_process::now() const noexcept {
    return boot_clock::time_point{std::chrono::nanoseconds{boot_.at(time_->now())}};
}

std::chrono::system_clock::time_point simulated_process::wall_now() const noexcept {
    return std::chrono::system_clock::time_point{std::chrono::nanoseconds{wall_.at(time_->now())}};
}

outside::environment::seed simulated_process::draw_seed() {
    seed drawn{};
    for (auto& word : drawn) {
        word = static_cast<std::uint32_t>(chance_.bits());
    }
    return drawn;
}

std::unique_ptr<outside::timer> simulated_process::make_timer(
    const boost::asio::any_io_executor& strand, outside::timer::owner& owner) {
    return std::make_unique<virtual_timer>(shared_from_this(), strand, owner);
}

std::unique_ptr<outside::byte_stream> simulated_process::make_stream(
    const boost::asio::any_io_executor& strand) {
    return std::make_unique<simulated_stream>(shared_from_this(), strand);
}

bool simulated_process::run() {
    bool any = false;
    // One by one, since each may end it or make it stand still.
    while (alive_ && paused_until_ <= time_->now()) {
        loop_->restart();
        if (loop_->poll_one() == 0) {
            break;
        }
        any = true;
    }
    return any;
}

void simulated_process::pause(tick until) {
    paused_until_ = std::max(paused_until_, until);
    pause_ = std::make_shared<char>();
    time_->at(paused_until_, pause_, [self = shared_from_this()] { self->run(); });
}

void simulated_process::kill() {
    alive_ = false;
    pause_ = nullptr;
    for (sleeper* const each : sleepers_) {
        each->on_killed();
    }
    for (const open_wire& each : wires_) {
        if (const auto made = each.made.lock()) {
            made->close(side::client);
            made->attach(side::client, nullptr);
        }
    }
    wires_.clear();
}

std::vector<std::shared_ptr<wire>> simulated_process::wires_to(network::server which) {
    std::vector<std::shared_ptr<wire>> open;
    for (const open_wire& each : wires_) {
        const auto made = each.made.lock();
        if (made && each.to == which) {
            open.push_back(made);
        }
    }
    return open;
}

void simulated_process::add(network::server to, const std::shared_ptr<wire>& made) {
    std::erase_if(wires_, [](const open_wire& each) { return each.made.expired(); });
    wires_.push_back({to, made});
}

}  // namespace redlock::testing
