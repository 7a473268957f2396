// One pipelined connection to one Redis server, kept up for as long as it is wanted: the Asio shell
// over resp_reader, command_queue, connect_steps and transport, which hold the decisions. Must
// never know what its commands mean, and never wait for a server without a bound. Everything
// happens on the strand that it was given: calls, events and sinks alike.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <redlock/clock.hpp>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "outside/alarm_clock.hpp"
#include "redis/connect/discovery.hpp"
#include "redis/link.hpp"
#include "redis/server/server_identity.hpp"
#include "redis/wire/command.hpp"

namespace redlock::redis {

struct connection_options {
    endpoint where;
    /// Bounds one attempt, from resolving the name to the answer to INFO. Where the master has to
    /// be discovered, this time begins when that is done; before that each of those who are asked
    /// has half of it, at most `command_timeout`, and the next is asked at once when one is no
    /// help.
    std::chrono::nanoseconds connect_timeout = std::chrono::seconds{2};
    /// Silence after which the server counts as stalled; ten times that, and it is given up.
    std::chrono::nanoseconds command_timeout = std::chrono::seconds{1};
    /// After a failure; doubled with each until a connection has answered a command, be it with an
    /// error other than LOADING, or has lasted for `backoff_max`.
    std::chrono::nanoseconds backoff_min = std::chrono::milliseconds{50};
    std::chrono::nanoseconds backoff_max = std::chrono::seconds{5};
    /// `connection_events::greeting` has something to say.
    bool greets = false;
    /// Of a name with several addresses those are tried first that others try last.
    bool from_the_end = false;
    /// Other servers answer the same questions: what is asked together waits for one more turn of
    /// the event loop, in which what they have answered meanwhile may add to it.
    bool among_others = false;
    /// The server may speak without having been asked, as it does to a subscriber.
    bool subscriber = false;
    std::size_t max_pending_commands = 65536;
    std::size_t max_pending_bytes = std::size_t{64} * 1024 * 1024;
};

/// Where the news go. Called on the strand, never after `stop`; may call `send` and `stop`.
struct connection_events {
    /// If `greets`: the server has said who it is. False: not now, `connection::greet` is called
    /// later, within the connect timeout; commands wait meanwhile.
    virtual bool may_greet(const server_identity& /*identity*/) { return true; }
    /// Then the command to be answered before any other is sent on a new connection, in RESP; empty
    /// for none. Its reply, whatever it is. And what is to be asked after it in the same way; empty
    /// for nothing. None of these may stop the connection.
    virtual std::string greeting(const server_identity& /*identity*/) { return {}; }
    /// The key that each of them names first, for a cluster; empty if they name none.
    virtual std::string_view greeting_key() const { return {}; }
    virtual void on_greeted(const reply_view& /*reply*/) {}
    virtual std::string next_greeting() { return {}; }
    /// Logged in, identified and greeted: commands that waited go out now.
    virtual void on_ready(const server_identity& identity) = 0;
    /// The connection, or an attempt to make one, failed; pending commands have been told. No
    /// attempt is made before `retry_in` is over. `message` is for people, bounded, without
    /// secrets, and does not name the endpoint.
    virtual void on_down(error_code cause, std::string_view message,
                         std::chrono::nanoseconds retry_in) = 0;
    /// Of a subscriber: what the server said unasked. `message` is valid during the call only. Must
    /// not stop or destroy the connection.
    virtual void on_pushed(const reply_view& /*message*/) {}

  protected:
    ~connection_events() = default;
};

class connection final : public link {
  public:
    /// Does nothing yet. The strand of `clock` runs one handler at a time (a strand, or the
    /// executor of an io_context that one thread runs); `clock` and `events` must stay until
    /// `stop`. `seed` feeds the jitter of the backoff.
    /// `way`: finds the server if `options.where` does not name it; may be null.
    connection(outside::alarm_clock& clock, connection_options options, connection_events& events,
               std::uint64_t seed, std::shared_ptr<discovery> way = nullptr);
    /// As `stop`; to be called on the strand, or when nothing runs on it any more.
    ~connection() override;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void start() override;
    void keep_trying() override;

    /// Whether to listen while no answer is due: to what the server says unasked, if this is a
    /// subscriber, and for the connection's end. Otherwise either waits in the socket. Off at
    /// first, so that nothing is outstanding in the event loop.
    void listen(bool yes);

    /// What `connection_events::may_greet` put off. Nothing if nothing was.
    void greet();

    void stop() override;

    [[nodiscard]] error_code send(command&& what) override;

    [[nodiscard]] connection_state state() const noexcept override;
    /// Something was sent, and no answer was complete for `command_timeout` since.
    [[nodiscard]] bool stalled() const noexcept;
    /// Why the connection is not up, or was last lost; clear before the first failure.
    [[nodiscard]] error_code last_error() const noexcept;
    /// The same for people; of an attempt that is under way, what it waits for.
    [[nodiscard]] const std::string& last_error_message() const noexcept override;
    /// Of the present connection; null unless it is ready.
    [[nodiscard]] const server_identity* identity() const noexcept;
    /// Bumped with each attempt to connect. Of two commands accepted under the same number, the
    /// second reaches the server after the first, or not at all; and on the same connection, unless
    /// the first was answered already.
    [[nodiscard]] std::uint64_t generation() const noexcept;
    [[nodiscard]] const endpoint& where() const noexcept;
    /// The single server at the other end: that of `where`, or the master that was discovered.
    /// Null unless ready.
    [[nodiscard]] const endpoint* server() const noexcept;
    [[nodiscard]] connection* single() noexcept override { return this; }

    /// Of a ready connection: leaves the server, as if the connection had broken.
    void leave(std::string_view why);

  private:
    class shell;
    std::shared_ptr<shell> shell_;
};

}  // namespace redlock::redis
