// What a node's commands go through: one connection, that to the master which Sentinels name, or
// those to the masters of a cluster. Only what they have in common. Everything happens on the
// strand that it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <redlock/error.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "redis/wire/command.hpp"

namespace redlock::redis {

enum class connection_state : std::uint8_t {
    idle,        ///< Not started.
    connecting,  ///< Commands are accepted and wait.
    ready,
    waiting_to_retry,  ///< Commands are refused.
    stopped,
};

[[nodiscard]] std::string_view to_string(connection_state state) noexcept;

class connection;

class link {
  public:
    link() = default;
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    virtual ~link() = default;

    /// Starts to connect. After a failure the next attempt is made by the first `send` once the
    /// backoff is over, so that nothing is outstanding in the event loop while nobody wants
    /// anything. Once only.
    virtual void start() = 0;

    /// While waiting to retry: makes the next attempt when the backoff is over even if nothing is
    /// sent. Holds for that one attempt; ask again in `on_down`.
    virtual void keep_trying() = 0;

    /// Fails everything pending with errc::closed and closes. No event afterwards. Handlers that
    /// are still queued in Asio are harmless, and end soon.
    virtual void stop() = 0;

    /// Appends one command. While connecting it waits, and expires by its deadline, unsent.
    /// On an error nothing is sent and the sink is never called: node_errc::not_connected in
    /// backoff, or for `this_connection` without one (or the server's refusal if that is why, such
    /// as node_errc::authentication_failed), node_errc::unresponsive while stalled, unless
    /// `must_follow`, and when the queue is full, errc::closed after `stop` and before `start`.
    [[nodiscard]] virtual error_code send(command&& what) = 0;

    /// Among how many servers the keys are divided, as far as known.
    [[nodiscard]] virtual std::size_t parts() const noexcept { return 1; }
    /// As `send`, for a command about one server's part of the keys, not about a key.
    [[nodiscard]] virtual error_code send_to_part(std::size_t /*part*/, command&& what) {
        return send(std::move(what));
    }

    /// The connection that everything goes over; null where there are several.
    [[nodiscard]] virtual connection* single() noexcept { return nullptr; }

    [[nodiscard]] virtual connection_state state() const noexcept = 0;
    /// Why something could not be sent or was lost, the latest; for people.
    [[nodiscard]] virtual const std::string& last_error_message() const noexcept = 0;
};

}  // namespace redlock::redis
