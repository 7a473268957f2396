// A redis-server whose wall clock can be set while it runs, as a time daemon or an operator does.
// Started with a preload, which the environment names meanwhile: one at a time, from the main
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "support/redis_server.hpp"

namespace redlock::support {

class clocked_server {
  public:
    clocked_server();
    ~clocked_server();
    clocked_server(const clocked_server&) = delete;
    clocked_server& operator=(const clocked_server&) = delete;

    /// Sets its clock forward, or back, by so much more.
    void set_forward(std::chrono::nanoseconds by) { *forward_ += by.count(); }

    redis_server& operator*() { return *server_; }
    redis_server* operator->() { return &*server_; }

  private:
    std::string folder_;
    std::atomic<std::int64_t>* forward_;  // in a file that the server reads
    std::optional<redis_server> server_;
};

}  // namespace redlock::support
