// Private to the connection: the declaration of its Asio shell, which carries events to
// connect_steps and command_queue and does what they say. Each way to a server has a `link` of its
// own, and every handler keeps its link alive and checks that it is still the present one, so
// that late completions are harmless. One strand; connection.cpp has the life cycle and the clock,
// connection_io.cpp the bytes.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <random>

#include "base/forks.hpp"
#include "outside/alarm_clock.hpp"
#include "redis/connect/connect_steps.hpp"
#include "redis/connect/connection.hpp"
#include "redis/connect/connection_proof.hpp"
#include "redis/wire/command_queue.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

class connection::shell final : public std::enable_shared_from_this<connection::shell>,
                                private outside::alarm {
  public:
    using time_point = boot_clock::time_point;
    using nanoseconds = std::chrono::nanoseconds;

    shell(outside::alarm_clock& clock, connection_options options, connection_events& events,
          std::uint64_t seed, std::shared_ptr<discovery> way);

    void start();
    void stop(error_code why = errc::closed);
    void keep_trying();
    void listen(bool yes);
    void greet();
    void leave(std::string_view why);
    error_code send(command&& what);

    [[nodiscard]] connection_state state() const noexcept { return state_; }
    [[nodiscard]] bool stalled() const noexcept { return proof_.stalled(); }
    [[nodiscard]] const connect_steps& steps() const noexcept { return steps_; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
    /// Why the last attempt failed, or how far the present one is, for people.
    [[nodiscard]] const std::string& why_not_up() const noexcept;

  private:
    static constexpr std::size_t read_size = std::size_t{16} * 1024;

    // All that belongs to one way to a server and the connection that it becomes. Keeps the shell,
    // which lets go of it when it ends.
    struct link final : outside::byte_stream::listener, std::enable_shared_from_this<link> {
        explicit link(std::shared_ptr<shell> its_owner)
            : owner(std::move(its_owner)),
              wire(owner->clock_.surroundings()->make_stream(owner->executor_)) {}

        void on_read(error_code failure, std::size_t size) override {
            owner->on_read(shared_from_this(), failure, size);
        }
        void on_written(error_code failure, std::size_t size) override {
            owner->on_part_written(shared_from_this(), failure, size);
        }

        std::shared_ptr<shell> owner;
        std::unique_ptr<outside::byte_stream> wire;
        std::string outgoing;
        std::size_t written = 0;
        bool writing = false;
        std::array<char, read_size> incoming{};
    };
    using link_ptr = std::shared_ptr<link>;

    void begin_attempt();
    void begin_way();
    [[nodiscard]] nanoseconds way_timeout() const;
    void perform(const connect_action& action);
    void begin_greeting();
    void say_greeting(std::string words);
    void become_ready();
    void on_step_done(const link_ptr& current, connect_event::kind what, error_code failure);
    void fail(error_code cause, std::string_view message);
    void fall_back(nanoseconds delay);

    void start_read();
    void on_read(const link_ptr& current, error_code failure, std::size_t size);
    void on_reply(const reply_view& reply);
    [[nodiscard]] bool take_reply(const reply_view& reply);
    void broke(error_code failure);

    [[nodiscard]] bool wants_reply() const noexcept;
    [[nodiscard]] bool went_away_while_idle();
    void replace();
    void flush_soon();
    void flush();
    void flush_now();
    [[nodiscard]] bool may_write() const noexcept;
    void write_batch();
    void start_write();
    void write_on(const link_ptr& current);
    void on_part_written(const link_ptr& current, error_code failure, std::size_t size);
    void on_written(const link_ptr& current, error_code failure);

    void arm();
    void on_alarm(time_point now) override;
    [[nodiscard]] time_point next_wake() const;

    /// Whether the connection is a forked parent's, and not to be used here. Ends it then.
    bool left_to_parent();

    outside::alarm_clock& clock_;  ///< Not touched once stopped.
    boost::asio::any_io_executor executor_;
    base::process_stamp stamp_;
    connection_options options_;
    connection_events* events_;
    std::mt19937_64 random_;
    connect_steps steps_;
    connection_proof proof_;
    command_queue queue_;
    resp_reader reader_;
    link_ptr link_;
    connection_state state_ = connection_state::idle;
    std::uint64_t generation_ = 0;
    std::string under_way_;      ///< What the present attempt waits for, for people.
    time_point way_deadline_{};  ///< Of the present way to a server, whichever.
    time_point retry_at_{};
    std::size_t last_batch_ = 0;  ///< How many commands shared the latest write.
    bool listening_ = false;
    bool flush_posted_ = false;
    bool reading_ = false;  ///< On the present link.
    bool greeting_put_off_ = false;
    /// Otherwise the next `send` after `retry_at_` makes the attempt.
    bool retry_unasked_ = false;
};

}  // namespace redlock::redis
