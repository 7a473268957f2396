// How many commands clients have sent to some servers, how long these took and how much memory the
// servers use, by their own statistics. The servers
// count what a script calls together with what clients send, so the commands that our scripts call
// are left out; our clients never send those themselves. Right only while nobody else uses the
// servers. One thread.
#pragma once

#include <cstdint>
#include <redlock/endpoint.hpp>
#include <vector>

#include "bench/bare_node.hpp"

namespace bench {

/// Without what `server_commands` itself has asked.
struct server_work {
    std::uint64_t commands = 0;      ///< Received from clients.
    std::uint64_t microseconds = 0;  ///< Spent on these, what a script calls included.
};

class server_commands {
  public:
    /// Connects. Throws what bare_node throws.
    explicit server_commands(const std::vector<redlock::endpoint>& servers);

    /// Of all of them together. Only the difference of two calls means anything. Throws what
    /// bare_node throws.
    [[nodiscard]] server_work so_far();
    [[nodiscard]] std::uint64_t count() { return so_far().commands; }
    [[nodiscard]] std::uint64_t microseconds() { return so_far().microseconds; }
    /// Bytes that all of them together have allocated; likewise.
    [[nodiscard]] std::uint64_t memory();

  private:
    std::vector<bare_node> servers_;
    std::uint64_t own_ = 0;
};

}  // namespace bench
