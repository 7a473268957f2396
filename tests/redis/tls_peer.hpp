// A server that speaks TLS and little else, for what no redis-server can be brought to do: old
// versions, strange certificates, words at the wrong time. On a free port of 127.0.0.1, in the
// event loop that it is given; one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

#include "redis/fake_server.hpp"
#include "support/test_authority.hpp"

namespace redlock::redis {

class tls_peer {
  public:
    tls_peer(boost::asio::io_context& io, const support::certificate_files& shown);
    ~tls_peer();
    tls_peer(const tls_peer&) = delete;
    tls_peer& operator=(const tls_peer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Nothing newer than this is spoken, and the weak ciphers of old as well.
    void speak_at_most(int version);
    void demand_certificate_of(const std::string& authority);
    /// Closes as soon as the client has said its first words of the handshake.
    bool closes_in_handshake = false;

    int accepted = 0;
    int secured = 0;
    std::string asked_name;  ///< The name that the newest client asked for (SNI).
    std::function<fake_server::answer(const fake_server::words&)> on_command = &fake_server::usual;

    /// To the newest client, unasked.
    void say(std::string_view bytes);
    void say_new_ticket();  ///< Of TLS's own; the client must not take it for anything.
    void say_goodbye();     ///< The farewell of TLS; the connection stays open underneath.

  private:
    struct client;

    void accept();
    void greet(const std::shared_ptr<client>& each);
    void read(const std::shared_ptr<client>& each);

    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<client> newest_;
    // Handlers that outlive the server see that it is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// An endpoint on 127.0.0.1 that trusts `authority`.
[[nodiscard]] endpoint secure_endpoint(std::uint16_t port, const std::string& authority);

}  // namespace redlock::redis
