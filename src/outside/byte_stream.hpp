// A stream of bytes to a server, as a connection needs it: found, connected, secured, read from and
// written to. Knows no protocol and no deadline: its owner closes it when time is up. One strand.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

namespace redlock::outside {

class byte_stream {
  public:
    using step_handler = std::function<void(error_code)>;

    /// Hears what became of a read and of a write. Whoever is given to one is kept alive until it
    /// has been called, and must keep the stream alive.
    struct listener {
        virtual void on_read(error_code failure, std::size_t size) = 0;
        virtual void on_written(error_code failure, std::size_t size) = 0;

      protected:
        ~listener() = default;
    };

    byte_stream() = default;
    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;
    virtual ~byte_stream() = default;

    /// Finds the addresses of a TCP endpoint; needed before `async_connect` there. No handler of a
    /// stream is called at once.
    virtual void async_resolve(const endpoint& where, step_handler handler) = 0;
    /// Of those that were found the last becomes the first.
    virtual void reverse_addresses() = 0;
    /// Connects to the first address that answers.
    virtual void async_connect(const endpoint& where, step_handler handler) = 0;
    /// When connected: agrees on TLS and verifies the peer, both by `where.tls`. All that is read
    /// and written from then on is encrypted.
    virtual void async_secure(const endpoint& where, step_handler handler) = 0;

    /// Calls `told` when something was read. One at a time.
    virtual void async_read_some(boost::asio::mutable_buffer room,
                                 std::shared_ptr<listener> told) = 0;
    /// Writes what goes without waiting; returns how much. Zero and no error: `async_write_some` is
    /// needed.
    [[nodiscard]] virtual std::size_t try_write(std::string_view bytes, error_code& failure) = 0;
    /// Calls `told` when a part was written. One at a time; `bytes` stay until then.
    virtual void async_write_some(std::string_view bytes, std::shared_ptr<listener> told) = 0;

    /// Whether the peer has neither closed the connection nor sent anything that was not read.
    /// `reading`: whether a read is under way.
    [[nodiscard]] virtual bool open_and_silent(bool reading) = 0;
    /// What a failure of any of these means, in words.
    [[nodiscard]] virtual std::string describe(const error_code& failure) const = 0;
    /// Whether it is one of TLS, and not of the network.
    [[nodiscard]] virtual bool is_tls_failure(const error_code& failure) const noexcept = 0;

    /// The read that is outstanding completes with operation_aborted; the connection stays as it
    /// is. No write may be outstanding.
    virtual void cancel() noexcept = 0;
    /// Ends everything; what is outstanding completes with an error. May be called at any time.
    virtual void close() noexcept = 0;
};

}  // namespace redlock::outside
