// A TCP proxy that leads each new connection to the next of several servers, as a service address
// or a name with several entries does. Runs in a thread of its own, so that programs can use it;
// any thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace redlock::support {

class spreading_proxy {
  public:
    /// `choose`: which of the servers the n-th connection, from 0 on, leads to; round robin
    /// without.
    explicit spreading_proxy(std::vector<std::uint16_t> server_ports,
                             std::function<std::size_t(std::size_t)> choose = nullptr);
    ~spreading_proxy();
    spreading_proxy(const spreading_proxy&) = delete;
    spreading_proxy& operator=(const spreading_proxy&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::size_t accepted() const { return accepted_; }

  private:
    struct link;

    void accept();
    static void pump(const std::shared_ptr<link>& over, bool to_server);

    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<std::uint16_t> server_ports_;
    std::function<std::size_t(std::size_t)> choose_;
    std::atomic<std::size_t> accepted_{0};
    std::thread thread_;
};

}  // namespace redlock::support
