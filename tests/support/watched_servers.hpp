// A master and its replica on free ports, with three Sentinels that watch them and need two to
// agree: what a test of failovers wants. All of them are real processes of our own, which die with
// the test whatever happens; the Sentinels' files lie in a folder that goes with it. One thread at
// a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/child.hpp"
#include "support/redis_server.hpp"

namespace redlock::support {

class watched_servers {
  public:
    static constexpr std::size_t sentinels = 3;
    static constexpr std::string_view master_name = "mymaster";

    /// Returns when every Sentinel knows the others and the replica, and that follows its master.
    /// `password`: what the Sentinels require, of each other too; none if empty. Throws
    /// std::runtime_error.
    explicit watched_servers(std::string password = {});
    ~watched_servers();
    watched_servers(const watched_servers&) = delete;
    watched_servers& operator=(const watched_servers&) = delete;

    /// redis+sentinel://host:port,.../mymaster, without password.
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string sentinel_address(std::size_t index) const;
    /// The servers as they began.
    [[nodiscard]] redis_server& first() { return *servers_[0]; }
    [[nodiscard]] redis_server& second() { return *servers_[1]; }

    [[nodiscard]] child& sentinel(std::size_t index) { return *sentinels_[index]; }
    /// One command to a Sentinel, as redis_server::command.
    [[nodiscard]] std::string ask(std::size_t index, const std::vector<std::string>& words) const;
    /// Whether this Sentinel says that the server is the master.
    [[nodiscard]] bool names(std::size_t index, const redis_server& server) const;
    /// Whether all of them do, and the server agrees.
    [[nodiscard]] bool is_master(const redis_server& server) const;
    /// Whether a failover may begin now.
    [[nodiscard]] bool has_good_replica() const;

  private:
    void start_servers();
    [[nodiscard]] bool start_sentinels();
    [[nodiscard]] std::string configuration(std::size_t index) const;
    [[nodiscard]] bool answers(std::size_t index) const;
    [[nodiscard]] bool settled() const;

    std::string password_;
    std::string folder_;
    std::array<std::unique_ptr<redis_server>, 2> servers_;
    std::array<std::uint16_t, sentinels> ports_{};
    std::array<std::unique_ptr<child>, sentinels> sentinels_;
};

}  // namespace redlock::support
