// A TCP proxy in front of one server, by which a test loses what it wants to lose: replies that
// never come back, requests that never arrive or arrive late, a connection cut between the two; and
// which counts what is asked. Runs in the test's event loop; one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/relay.hpp"

namespace redlock::integration {

class proxy {
  public:
    proxy(boost::asio::io_context& io, std::uint16_t server_port);
    ~proxy();
    proxy(const proxy&) = delete;
    proxy& operator=(const proxy&) = delete;

    [[nodiscard]] std::string url() const { return relay_.url(); }
    /// Ends all connections, on both sides. New ones are welcome.
    void cut() { relay_.cut(); }
    /// Ends the connections that have subscribed to anything, and leaves the others alone.
    void cut_subscriptions();

    bool drop_requests = false;
    bool drop_replies = false;
    int accepted = 0;
    std::size_t dropped = 0;             ///< Bytes.
    std::size_t requested = 0;           ///< Bytes that came for the server.
    std::size_t closed = 0;              ///< Connections that the client has ended.
    std::chrono::milliseconds delay{0};  ///< How late requests arrive. Lost if the client goes.

  private:
    struct state {
        std::optional<boost::asio::steady_timer> late;
        bool subscribed = false;
    };
    using relay = support::relay<state>;
    using direction = support::direction;

    void take(const relay::link_ptr& over, direction way, std::string_view bytes);
    void pass_on(const relay::link_ptr& over, direction way, std::string_view bytes);
    void pass_on_late(const relay::link_ptr& over, std::string_view bytes);

    relay relay_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace redlock::integration
