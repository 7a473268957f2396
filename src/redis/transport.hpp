// A byte stream to a server: TCP or a Unix socket behind one type, so that nothing above cares.
// Owns the socket; knows no protocol and no deadline (its owner closes it when time is up). TLS is
// to come in here, behind the same calls. One strand; whatever a handler owns must keep the
// transport alive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace redlock::redis {

class transport {
  public:
    using step_handler = std::function<void(error_code)>;

    explicit transport(const boost::asio::any_io_executor& executor);

    /// Finds the addresses of a TCP endpoint; needed before `async_connect` there. A numeric
    /// address needs no resolver, and so no thread of Asio's. The resolver cannot be interrupted:
    /// after `close` the handler may come late.
    void async_resolve(const endpoint& where, step_handler handler);

    /// Connects to the first address that answers, and sets the socket up.
    void async_connect(const endpoint& where, step_handler handler);

    /// Calls `handler(error_code, std::size_t)` when something was read.
    template <class Handler>
    void async_read_some(boost::asio::mutable_buffer room, Handler&& handler) {
        socket_.async_read_some(room, std::forward<Handler>(handler));
    }

    /// Writes what goes without waiting; returns how much. Zero and no error: `async_write_some` is
    /// needed.
    [[nodiscard]] std::size_t try_write(std::string_view bytes, error_code& failure);

    /// Calls `handler(error_code, std::size_t)` when a part was written.
    template <class Handler>
    void async_write_some(std::string_view bytes, Handler&& handler) {
        socket_.async_write_some(boost::asio::buffer(bytes), std::forward<Handler>(handler));
    }

    /// Whether the peer has neither closed the connection nor sent anything that was not read.
    [[nodiscard]] bool open_and_silent();

    /// What is outstanding completes with operation_aborted; the connection stays as it is.
    void cancel() noexcept;

    /// Ends everything; what is outstanding completes with an error. May be called at any time.
    void close() noexcept;

  private:
    using protocol = boost::asio::generic::stream_protocol;

    void connect_next(std::size_t index, error_code failure, step_handler handler);
    void set_up();

    boost::asio::ip::tcp::resolver resolver_;
    protocol::socket socket_;
    std::vector<protocol::endpoint> addresses_;
    bool closed_ = false;
};

}  // namespace redlock::redis
