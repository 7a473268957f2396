// One real server to run a script on, exactly as the nodes run it: by EVAL, with the embedded body.
// Owns the server; knows how to write calls down briefly, not what the scripts should answer. One
// thread at a time.
#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scripts/scripts.hpp"
#include "support/redis_server.hpp"

namespace redlock::scripts {

// Leases and windows of an hour: no test is near an end by accident, however slow the machine.
inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr std::int64_t hour_us = hour_ms * 1000;
inline constexpr std::int64_t minute_ms = hour_ms / 60;
inline constexpr std::int64_t minute_us = hour_us / 60;

/// Above half of it and not above all of it: set just now.
inline auto fresh(std::int64_t lifetime_ms) {
    return testing::AllOf(testing::Gt(lifetime_ms / 2), testing::Le(lifetime_ms));
}

class script_node {
  public:
    using words = std::vector<std::string>;

    /// What one ACQUIRE is given; a test changes what it is about.
    struct acquire_call {
        std::string token = "me";
        std::int64_t ballot = 0;  ///< 0: the node's own time.
        std::int64_t last = 0;    ///< 0: the ballot itself.
        std::int64_t lease_ms = hour_ms;
        std::int64_t window_us = hour_us;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool yields = false;          ///< To those who stand in line.
        bool fenced = true;           ///< False: the ballots are 0.
        std::string holder_record{};  ///< Given: the third key goes with it.
    };
    /// What the node answered; its time, which a grant begins with, reads "granted".
    std::string acquire(acquire_call with) const;

    /// The same for one that stands in line.
    struct in_line_call {
        std::string token = "me";
        std::int64_t ballot = 0;  ///< 0: the node's own time.
        std::int64_t last = 0;    ///< 0: the ballot itself.
        std::int64_t lease_ms = hour_ms;
        std::int64_t window_us = hour_us;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        std::string place = "me-1";
        std::int64_t ticket = 100;
        std::int64_t place_lease_ms = hour_ms;
        std::int64_t grace_ms = hour_ms;
        std::int64_t longest = 100;
        bool fenced = true;           ///< False: the ballots are 0.
        std::string holder_record{};  ///< Given: the fourth key goes with it.
    };
    std::string acquire_in_line(const in_line_call& with) const {
        return with_grant_named(acquire_in_line_command(with));
    }
    /// What it sends, for a connection of the test's own.
    [[nodiscard]] words acquire_in_line_command(const in_line_call& with) const;

    /// A slot of the semaphore "job", with or without a place in its line.
    struct slot_call {
        std::size_t slot = 0;
        std::size_t permits = 3;
        std::string token = "me";
        std::int64_t ballot = 0;  ///< 0: the node's own time.
        std::int64_t last = 0;    ///< 0: the ballot itself.
        std::int64_t lease_ms = hour_ms;
        std::int64_t window_us = hour_us;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool yields = false;  ///< Without a place: to those who stand in line.
        std::string place{};  ///< Given: it stands in line.
        std::int64_t ticket = 100;
        std::int64_t place_lease_ms = hour_ms;
        std::int64_t grace_ms = hour_ms;
        bool fenced = true;           ///< False: the ballots are 0.
        std::string holder_record{};  ///< Given: the last key goes with it.
    };
    std::string acquire_slot(const slot_call& with) const {
        return with_grant_named(acquire_slot_command(with));
    }
    [[nodiscard]] words acquire_slot_command(const slot_call& with) const;

    struct extend_call {
        std::string token = "me";
        std::int64_t last = 0;
        std::int64_t lease_ms = hour_ms;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool with_holder_key = false;
        bool plants = false;
        std::string holder_record{};  ///< Given: the third key goes with it.
    };
    std::string extend(const extend_call& with) const;

    struct release_call {
        std::string token = "me";
        std::int64_t bar = 0;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool with_holder_key = false;
        std::int64_t window_us = hour_us;
        bool above_the_fence = false;
        std::int64_t keep_ms = 0;       ///< For so long the lock is to stay.
        bool asks_for_waiters = false;  ///< Two keys and the token.
    };
    std::string release(const release_call& with) const;

    std::string status() const;

    struct hello_call {
        std::string identity = "run:repl";
        std::int64_t remembers_s = 0;
        std::int64_t quarantine_ms = hour_ms;
        std::string configuration = "nodes=3";
        bool records = true;
    };
    std::string hello(const hello_call& with) const;
    std::string vouch() const;

    std::string keep_permits(const std::string& key, const std::string& number,
                             std::int64_t lifetime_ms, bool brings) const {
        return run(scripts::keep_permits, {key},
                   {number, std::to_string(lifetime_ms), brings ? "1" : "0"});
    }

    /// The node's clock, microseconds since the epoch.
    [[nodiscard]] std::int64_t time_us() const;
    /// How often each command was called from inside a script since `forget_calls`, by name.
    void forget_calls() const { server.command({"CONFIG", "RESETSTAT"}); }
    [[nodiscard]] std::map<std::string, int> calls() const;

    const std::string lock = "job";
    const std::string fence = "redlock:fence:{job}";
    const std::string holder = "redlock:holder:{job}";
    const std::string line = "redlock:line:{job}";
    const std::string epoch = "redlock:epoch";
    support::redis_server server;

  private:
    [[nodiscard]] std::string with_grant_named(const words& command) const;
    std::string run(const script& which, const words& keys, const words& arguments) const;
};

}  // namespace redlock::scripts
