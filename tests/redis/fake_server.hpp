// A server that misbehaves on demand: it listens on a free port of 127.0.0.1 and
// answers each command with whatever the test says. Runs in the event loop that it is given; one
// thread.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/wire/resp_reader.hpp"

namespace redlock::redis {

class fake_server {
  public:
    /// What to do after a command: bytes to send, then perhaps to close, or (silent) nothing.
    struct answer {
        std::string bytes;
        bool close = false;
    };
    using words = std::vector<std::string>;

    explicit fake_server(boost::asio::io_context& io);
    ~fake_server();
    fake_server(const fake_server&) = delete;
    fake_server& operator=(const fake_server&) = delete;

    [[nodiscard]] std::string url() const;

    /// The usual answers: OK to AUTH and SELECT, an identity to INFO, PONG to all else.
    static answer usual(const words& command);

    std::function<answer(const words&)> on_command = &fake_server::usual;
    std::string greeting;  ///< Sent to each client as it connects.
    bool hang_up_at_once = false;
    std::vector<words> received;
    std::size_t reads = 0;  ///< How often bytes came in.
    int accepted = 0;

    /// Sends bytes to the newest client, unasked.
    void say(std::string_view bytes);
    /// Sends bytes to the client that spoke last: an answer that comes late.
    void answer_late(std::string_view bytes);
    /// Closes the connections of all clients, and leaves each enough time to notice it at the next
    /// look.
    void hang_up();
    /// Stops listening as well; a connection is refused from now on.
    void stop_listening();

  private:
    struct client;

    void accept();
    void read(const std::shared_ptr<client>& each);
    void act(client& each);

    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<std::shared_ptr<client>> clients_;
    std::weak_ptr<client> spoke_last_;
    // Handlers that outlive the server see that it is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace redlock::redis
