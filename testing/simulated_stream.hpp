// A stream of bytes from a process to a node of a simulated world. Speaks no TLS. One strand.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "outside/byte_stream.hpp"
#include "testing/simulated_process.hpp"
#include "testing/wire.hpp"

namespace redlock::testing {

class simulated_stream final : public outside::byte_stream, private wire_end {
  public:
    simulated_stream(std::shared_ptr<simulated_process> from, boost::asio::any_io_executor strand);
    ~simulated_stream() override;
    simulated_stream(const simulated_stream&) = delete;
    simulated_stream& operator=(const simulated_stream&) = delete;

    void async_resolve(const endpoint& where, step_handler handler) override;
    void reverse_addresses() override {}
    void async_connect(const endpoint& where, step_handler handler) override;
    void async_secure(const endpoint& where, step_handler handler) override;
    void async_read_some(boost::asio::mutable_buffer room, std::shared_ptr<listener> told) override;
    [[nodiscard]] std::size_t try_write(std::string_view bytes, error_code& failure) override;
    void async_write_some(std::string_view bytes, std::shared_ptr<listener> told) override;
    [[nodiscard]] bool open_and_silent(bool reading) override;
    [[nodiscard]] std::string describe(const error_code& failure) const override {
        return failure.message();
    }
    [[nodiscard]] bool is_tls_failure(const error_code& /*failure*/) const noexcept override {
        return false;
    }
    void cancel() noexcept override;
    void close() noexcept override;

  private:
    struct pending_read {
        boost::asio::mutable_buffer room;
        std::shared_ptr<listener> told;
    };

    void on_bytes(std::string_view bytes) override;
    void on_end(bool reset) override;
    void connect_to(network::server which);
    void connected(error_code failure);
    void read();
    void finish(step_handler handler, error_code failure);

    std::shared_ptr<simulated_process> from_;
    boost::asio::any_io_executor strand_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< Until it is closed.
    step_handler connecting_;
    std::shared_ptr<wire_weather> weather_;
    std::shared_ptr<wire> wire_;
    std::string arrived_;
    error_code ended_;
    std::optional<pending_read> reading_;
};

}  // namespace redlock::testing
