// A TCP proxy that leads each new connection to the next of several servers, as a service address
// or a name with several entries does. Runs in a thread of its own, so that programs can use it;
// any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/relay.hpp"

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

    [[nodiscard]] std::string url() const { return relay_.url(); }
    [[nodiscard]] std::size_t accepted() const { return accepted_; }

  private:
    struct nothing {};
    using way = relay<nothing>;

    void lead(const way::link_ptr& over);

    std::vector<std::uint16_t> server_ports_;
    std::function<std::size_t(std::size_t)> choose_;
    std::atomic<std::size_t> accepted_{0};
    loop_thread loop_;
    way relay_;
};

}  // namespace redlock::support
