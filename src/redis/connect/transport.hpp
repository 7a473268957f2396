// A byte stream to a server: TCP or a Unix socket, with or without TLS, behind one type, so that
// nothing above cares. Owns the socket; knows no protocol and no deadline (its owner closes it when
// time is up). One strand; whatever a handler owns must keep the transport alive.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/forks.hpp"
#include "base/strand.hpp"
#include "base/turn_end.hpp"
#include "redis/connect/name_lookup.hpp"
#include "redis/connect/tls_stream.hpp"

namespace redlock::redis {

class transport {
  public:
    using step_handler = std::function<void(error_code)>;

    explicit transport(const boost::asio::any_io_executor& strand);
    ~transport();
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    /// Finds the addresses of a TCP endpoint; needed before `async_connect` there. A numeric
    /// address needs no thread; a name is looked up in one of its own, which `close` leaves behind:
    /// see name_lookup.hpp.
    void async_resolve(const endpoint& where, step_handler handler);

    /// Of those that were found the last becomes the first.
    void reverse_addresses() { std::reverse(addresses_.begin(), addresses_.end()); }

    /// Connects to the first address that answers, and sets the socket up. Both families are tried
    /// at almost the same time: see address_race.hpp.
    void async_connect(const endpoint& where, step_handler handler);

    /// On a connected socket: agrees on TLS and verifies the peer, both by `where.tls`. All that is
    /// read and written from then on is encrypted.
    void async_secure(const endpoint& where, step_handler handler);

    /// Calls `handler(error_code, std::size_t)` when something was read.
    template <class Handler>
    void async_read_some(boost::asio::mutable_buffer room, Handler handler) {
        if (tls_ != nullptr) {
            tls_->stream().async_read_some(room, on_strand(std::move(handler)));
            return;
        }
        socket_.async_read_some(room, [this, handler = std::move(handler)](
                                          error_code failure, std::size_t size) mutable {
            base::turn_end turn{socket_.get_executor()};
            base::dispatch_to(strand_, [handler = std::move(handler), failure, size]() mutable {
                handler(failure, size);
            });
            turn.run();
        });
    }

    /// Writes what goes without waiting; returns how much. Zero and no error: `async_write_some` is
    /// needed.
    [[nodiscard]] std::size_t try_write(std::string_view bytes, error_code& failure);

    /// Calls `handler(error_code, std::size_t)` when a part was written.
    template <class Handler>
    void async_write_some(std::string_view bytes, Handler handler) {
        const auto buffer = boost::asio::buffer(bytes);
        if (tls_ != nullptr) {
            tls_->stream().async_write_some(buffer, on_strand(std::move(handler)));
        } else {
            socket_.async_write_some(buffer, on_strand(std::move(handler)));
        }
    }

    /// Whether the peer has neither closed the connection nor sent anything that was not read.
    /// `reading`: whether a read is under way.
    [[nodiscard]] bool open_and_silent(bool reading);

    /// What a failure of any of these means, in words.
    [[nodiscard]] std::string describe(const error_code& failure) const;

    /// The read that is outstanding completes with operation_aborted; the connection stays as it
    /// is. No write may be outstanding.
    void cancel() noexcept;

    /// Ends everything; what is outstanding completes with an error. May be called at any time.
    void close() noexcept;

  private:
    using protocol = boost::asio::generic::stream_protocol;

    struct attempts;

    template <class Handler>
    [[nodiscard]] auto on_strand(Handler handler) const {
        return boost::asio::bind_executor(strand_, std::move(handler));
    }

    void try_address(const std::shared_ptr<attempts>& all, std::size_t index);
    void wait_for_head_start(const std::shared_ptr<attempts>& all);
    void finish(attempts& all, error_code failure);
    void set_up();

    boost::asio::any_io_executor strand_;
    name_lookup lookup_;
    protocol::socket socket_;            ///< Completes on the event loop below the strand.
    base::inherited_descriptor listed_;  ///< That of the socket, before which it goes.
    base::process_stamp stamp_;
    std::unique_ptr<tls_stream> tls_;
    std::string tls_problem_;  ///< Why there could be no `tls_`.
    std::vector<protocol::endpoint> addresses_;
    std::weak_ptr<attempts> attempts_;
};

}  // namespace redlock::redis
