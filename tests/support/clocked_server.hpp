// Servers whose wall clock can be set while they run, as a time daemon or an operator does: started
// with a preload, which the environment names meanwhile. One is started at a time; main thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "support/redis_server.hpp"

namespace redlock::support {

class settable_clock {
  public:
    enum class kind : std::uint8_t {
        runs,
        stands,  ///< Shows since 1970 what it was set forward by, and nothing passes by itself.
    };

    explicit settable_clock(kind what = kind::runs);
    ~settable_clock();
    settable_clock(const settable_clock&) = delete;
    settable_clock& operator=(const settable_clock&) = delete;

    /// What is started while it lives goes by the clock.
    class rule {
      public:
        explicit rule(const settable_clock& clock);
        ~rule();
        rule(const rule&) = delete;
        rule& operator=(const rule&) = delete;
    };

    /// Sets it forward, or back, by so much more.
    void set_forward(std::chrono::nanoseconds by) { *forward_ += by.count(); }
    /// By how much it is ahead of ours.
    [[nodiscard]] std::chrono::nanoseconds ahead() const {
        return std::chrono::nanoseconds{forward_->load()};
    }

  private:
    [[nodiscard]] std::string path() const { return folder_ + "/clock"; }

    kind kind_;
    std::string folder_;
    std::atomic<std::int64_t>* forward_;  // in a file that the server reads
};

class clocked_server {
  public:
    clocked_server() {
        const settable_clock::rule here{clock_};
        server_.emplace();
    }

    /// Returns when the server goes by it: Valkey 9 does not read the clock for each command.
    void set_forward(std::chrono::nanoseconds by);

    redis_server& operator*() { return *server_; }
    redis_server* operator->() { return &*server_; }

  private:
    /// Whether its time is that of the clock that was set, and not of the one before.
    [[nodiscard]] bool goes_by_clock(std::chrono::nanoseconds by) const;

    settable_clock clock_;
    std::optional<redis_server> server_;
};

}  // namespace redlock::support
