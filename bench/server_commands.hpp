// How many commands clients have sent to some servers, by the servers' own statistics. The servers
// count what a script calls together with what clients send, so the commands that our scripts call
// are left out; our clients never send those themselves. Right only while nobody else uses the
// servers. One thread.
#pragma once

#include <cstdint>
#include <redlock/endpoint.hpp>
#include <vector>

#include "bench/bare_node.hpp"

namespace bench {

class server_commands {
  public:
    /// Connects. Throws what bare_node throws.
    explicit server_commands(const std::vector<redlock::endpoint>& servers);

    /// Commands received by all of them together, without this object's own questions: only the
    /// difference of two calls means anything. Throws what bare_node throws.
    [[nodiscard]] std::uint64_t count();
    /// Microseconds that all of them together have spent on such commands, what a script calls
    /// included and these questions not. Likewise.
    [[nodiscard]] std::uint64_t microseconds();

  private:
    std::vector<bare_node> servers_;
    std::uint64_t own_ = 0;
};

}  // namespace bench
