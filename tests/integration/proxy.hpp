// A TCP proxy in front of one server, by which a test loses what it wants to lose: replies that
// never come back, requests that never arrive or arrive late, a connection cut between the two; and
// which counts what is asked. Runs in the test's
// event loop; one thread.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace redlock::integration {

class proxy {
  public:
    proxy(boost::asio::io_context& io, std::uint16_t server_port);
    ~proxy();
    proxy(const proxy&) = delete;
    proxy& operator=(const proxy&) = delete;

    [[nodiscard]] std::string url() const;
    /// Ends all connections, on both sides. New ones are welcome.
    void cut();
    /// Ends the connections that have subscribed to anything, and leaves the others alone.
    void cut_subscriptions();

    bool drop_requests = false;
    bool drop_replies = false;
    int accepted = 0;
    std::size_t dropped = 0;    ///< Bytes.
    std::size_t requested = 0;  ///< Bytes that came for the server.
    std::size_t closed = 0;     ///< Connections that the client has ended.
    std::chrono::milliseconds delay{0};  ///< How late requests arrive. Lost if the client goes.

  private:
    struct link;

    void accept();
    void pump(const std::shared_ptr<link>& over, bool to_server);
    void pass_on(const std::shared_ptr<link>& over, bool to_server, std::size_t size);
    void pass_on_late(const std::shared_ptr<link>& over, std::size_t size);

    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t server_port_;
    std::vector<std::shared_ptr<link>> links_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace redlock::integration
