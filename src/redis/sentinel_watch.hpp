// While a master that Sentinels name is in use: asks them, now and then, whether it still is one.
// A master that was cut off from them answers as if nothing had happened, and one that hangs says
// nothing: in both cases another may have been promoted long ago. Asks only while it is told of
// commands, so that an idle client is idle. Strand only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <redlock/clock.hpp>
#include <string>
#include <vector>

#include "redis/connection.hpp"
#include "redis/master_search.hpp"

namespace redlock::redis {

/// Whether what one Sentinel says is a reason to leave the present master. Pure.
class dissent {
  public:
    using time_point = boot_clock::time_point;

    /// One that never agreed may not have heard of the last failover yet: they tell each other
    /// every two seconds.
    static constexpr std::chrono::seconds may_be_late{5};
    /// Sentinels that name one server in two ways, such as by name and by address, must not make
    /// us go to and fro: so often at most the same difference counts of one that never agreed.
    static constexpr std::chrono::seconds same_again{60};

    /// True at once if it named the present master before and names another now, which is news;
    /// else when it has insisted for long enough.
    [[nodiscard]] bool counts(const server_address& named, const server_address& present,
                              time_point now);

  private:
    server_address agreed_;
    server_address named_;
    server_address present_;
    time_point since_{};
    std::optional<time_point> counted_{};
};

class sentinel_watch final : private connection_events {
  public:
    /// `options`: those of `commands`, the connection to the master, which owns this.
    sentinel_watch(const boost::asio::any_io_executor& strand, const connection_options& options,
                   connection& commands, std::uint64_t seed);
    ~sentinel_watch();
    sentinel_watch(const sentinel_watch&) = delete;
    sentinel_watch& operator=(const sentinel_watch&) = delete;

    /// The master is being used: asks, unless that was done a moment ago.
    void look();
    void stop();

  private:
    class answers;

    // A Sentinel that cannot be asked tells nothing.
    void on_ready(const server_identity& /*identity*/) override {}
    void on_down(error_code /*cause*/, std::string_view /*message*/,
                 std::chrono::nanoseconds /*retry_in*/) override {}
    void on_named(std::size_t sentinel, const reply_view& reply);

    sentinel_group group_;
    std::string question_;
    std::chrono::nanoseconds command_timeout_;
    std::chrono::nanoseconds period_;
    connection& commands_;
    std::shared_ptr<answers> answers_;
    std::vector<dissent> heard_;
    boot_clock::time_point next_{};
    std::uint64_t generation_ = 0;  ///< Of the connection on which they were asked last.
    std::vector<std::unique_ptr<connection>> sentinels_;
};

}  // namespace redlock::redis
