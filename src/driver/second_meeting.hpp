// One more connection to a node, made while another is open, only to see whether it leads to the
// same server. Asks INFO and nothing else, and ends. Strand only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "redis/connect/connection.hpp"

namespace redlock::driver {

class second_meeting final : private redis::connection_events {
  public:
    /// `done` is called once, unless this is destroyed before, with the run id of the server that
    /// was met; empty if none was, or if it does not tell. `options` are those of the other
    /// connection.
    second_meeting(outside::alarm_clock& clock, redis::connection_options options,
                   std::function<void(const std::string& run_id)> done, std::uint64_t seed);
    void start() { link_.start(); }

  private:
    void on_ready(const redis::server_identity& identity) override;
    void on_down(error_code cause, std::string_view message,
                 std::chrono::nanoseconds retry_in) override;
    void end(const std::string& run_id);

    outside::alarm_clock& clock_;
    std::shared_ptr<std::function<void(const std::string&)>> done_;
    redis::connection link_;
};

}  // namespace redlock::driver
