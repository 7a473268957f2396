// The byte stream that ships: TCP or a Unix socket, with or without TLS, behind one type, so that
// nothing above cares. Owns the socket.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <redlock/endpoint.hpp>
#include <redlock/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/forks.hpp"
#include "base/strand.hpp"
#include "outside/byte_stream.hpp"
#include "outside/system/name_lookup.hpp"
#include "outside/system/tls_stream.hpp"

namespace redlock::outside {

class transport final : public byte_stream {
  public:
    explicit transport(const boost::asio::any_io_executor& strand);
    ~transport() override;

    /// A numeric address needs no thread; a name is looked up in one of its own, which `close`
    /// leaves behind: see name_lookup.hpp.
    void async_resolve(const endpoint& where, step_handler handler) override;
    void reverse_addresses() override { std::reverse(addresses_.begin(), addresses_.end()); }
    /// Both families are tried at almost the same time: see address_race.hpp.
    void async_connect(const endpoint& where, step_handler handler) override;
    void async_secure(const endpoint& where, step_handler handler) override;
    void async_read_some(boost::asio::mutable_buffer room, std::shared_ptr<listener> told) override;
    [[nodiscard]] std::size_t try_write(std::string_view bytes, error_code& failure) override;
    void async_write_some(std::string_view bytes, std::shared_ptr<listener> told) override;
    [[nodiscard]] bool open_and_silent(bool reading) override;
    [[nodiscard]] std::string describe(const error_code& failure) const override;
    [[nodiscard]] bool is_tls_failure(const error_code& failure) const noexcept override {
        return outside::is_tls_failure(failure);
    }
    void cancel() noexcept override;
    void close() noexcept override;

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

}  // namespace redlock::outside
