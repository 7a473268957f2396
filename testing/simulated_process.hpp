// One process in a simulated world, as an environment: its clocks, its event loop, its timers and
// its streams to the nodes. It can stand still, be killed, and have its wall clock set. Handlers
// run only inside `run`. One thread at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "outside/environment.hpp"
#include "testing/drifting_clock.hpp"
#include "testing/random_stream.hpp"
#include "testing/timeline.hpp"
#include "testing/wire.hpp"

namespace redlock::testing {

class simulated_process;

/// How a process reaches a server.
struct network {
    /// The server that is called so; none: nobody knows the name.
    using server = std::size_t;
    [[nodiscard]] virtual std::optional<server> find(const endpoint& where) = 0;
    /// Whether there is one to connect to at this moment.
    [[nodiscard]] virtual bool answers(server which) = 0;
    [[nodiscard]] virtual std::shared_ptr<wire_weather> weather(simulated_process& from,
                                                                server to) = 0;
    [[nodiscard]] virtual std::shared_ptr<wire> connect(
        simulated_process& from, server to, const std::shared_ptr<wire_weather>& weather) = 0;

  protected:
    ~network() = default;
};

class simulated_process final : public outside::environment,
                                public std::enable_shared_from_this<simulated_process> {
  public:
    simulated_process(std::shared_ptr<timeline> time, network& reaches, std::uint64_t world_seed,
                      std::size_t number);
    ~simulated_process() override;
    /// Places its event loop in itself: right after it was made.
    void begin();
    /// The world goes: with it the event loop, and all that was made on it.
    void end();

    [[nodiscard]] std::size_t number() const { return number_; }
    [[nodiscard]] boost::asio::io_context& loop() { return *loop_; }
    [[nodiscard]] timeline& time() { return *time_; }
    [[nodiscard]] random_stream& chance() { return chance_; }
    [[nodiscard]] network& reaches() { return *network_; }

    void set_clocks(drifting_clock boot, drifting_clock wall);
    void set_clock_rate(std::int64_t ppm);
    void step_wall_clock(tick by) { wall_.step(time_->now(), by); }
    /// When its own clock shows that.
    [[nodiscard]] tick when(boot_clock::time_point shown) const;

    /// Runs what is ready, unless it stands still or is dead; whether there was anything.
    bool run();
    [[nodiscard]] tick paused_until() const { return paused_until_; }
    void pause(tick until);
    [[nodiscard]] bool alive() const { return alive_; }
    /// Nothing of it runs any more, and what it had open is cut.
    void kill();

    /// Its open connections, for those who cut them.
    [[nodiscard]] std::vector<std::shared_ptr<wire>> wires_to(network::server which);
    void add(network::server to, const std::shared_ptr<wire>& made);

    /// A timer of its, from `add` to `remove`.
    struct sleeper {
        /// It has to ring at another true time.
        virtual void on_clock_set() = 0;
        /// Nothing rings any more.
        virtual void on_killed() = 0;
        /// What it keeps alive while it waits, which it will do no longer.
        virtual std::shared_ptr<void> take_kept() = 0;

      protected:
        ~sleeper() = default;
    };
    void add(sleeper& which) { sleepers_.push_back(&which); }
    void remove(sleeper& which) { std::erase(sleepers_, &which); }

    boot_clock::time_point now() const noexcept override;
    std::chrono::system_clock::time_point wall_now() const noexcept override;
    seed draw_seed() override;
    std::unique_ptr<outside::timer> make_timer(const boost::asio::any_io_executor& strand,
                                               outside::timer::owner& owner) override;
    std::unique_ptr<outside::byte_stream> make_stream(
        const boost::asio::any_io_executor& strand) override;

  private:
    struct open_wire {
        network::server to;
        std::weak_ptr<wire> made;
    };

    std::shared_ptr<timeline> time_;
    network* network_;
    random_stream chance_;
    std::size_t number_;
    drifting_clock boot_;
    drifting_clock wall_;
    tick paused_until_ = 0;
    bool alive_ = true;
    std::shared_ptr<char> pause_;  ///< Until it goes on.
    std::vector<open_wire> wires_;
    std::vector<sleeper*> sleepers_;
    std::unique_ptr<boost::asio::io_context> loop_;
};

}  // namespace redlock::testing
