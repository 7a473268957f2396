// What the Lua scripts do on one node, written down a second time: same arguments, same replies,
// same keys afterwards. A test runs both side by side (tests/sim/node_model_test.cpp). Knows its
// own keys only; the node's clock is handed in with every call, since nothing else may tell it the
// time. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace redlock::sim {

inline constexpr std::size_t most_resources = 2;

enum class node_answer : std::uint8_t {
    granted,
    busy,
    stale,
    out_of_window,
    called,  ///< Free, but it is another's turn.
    extended,
    replanted,
    taken,
    missing,
    removed,
    absent,
    told,  ///< Of a greeting: all that it asked for. Of what has no other answer: done.
    refused_full,
};

struct node_reply {
    node_answer answer = node_answer::told;
    /// busy: the PTTL. stale: the fence; `now_us` and `left_ms` are for that. out_of_window: the
    /// node's time in us. called: ms until the next look. granted: places left in the line. Of a
    /// greeting: ms of quarantine.
    std::int64_t value = 0;
    /// busy: the token. Of a greeting: the configuration.
    std::uint64_t holder = 0;
    std::int64_t ahead = 0;
    std::int64_t now_us = 0;
    std::int64_t left_ms = 0;
};

struct acquire_call {
    std::uint64_t token = 0;
    std::uint64_t ballot = 0;
    std::uint64_t last = 0;
    std::int64_t lease_ms = 0;
    std::int64_t window_us = 0;
    std::int64_t fence_lifetime_ms = 0;
    bool yields = false;  ///< Without a place: leaves a free lock to those in line.
};

struct place_call {
    std::uint64_t id = 0;
    std::uint64_t ticket = 0;
    std::int64_t lease_ms = 0;
    std::int64_t grace_ms = 0;
    std::int64_t longest = 0;
};

struct extend_call {
    std::uint64_t token = 0;
    std::uint64_t last = 0;
    std::int64_t lease_ms = 0;
    std::int64_t fence_lifetime_ms = 0;
    bool heal = false;
};

struct release_call {
    std::uint64_t token = 0;
    std::uint64_t bar = 0;
    std::int64_t fence_lifetime_ms = 0;
    std::int64_t window_us = 0;
    bool above = false;
};

/// The keys of one resource. Zero: no such token, fence or call.
struct resource_keys {
    struct place {
        std::uint64_t id = 0;
        std::uint64_t ticket = 0;
        std::int64_t deadline_us = 0;
    };

    std::uint64_t token = 0;
    std::int64_t token_ends_ms = 0;
    std::uint64_t fence = 0;
    bool marked =
        false;  ///< Behind the fence: others wait in line. There may be no fence but this.
    std::int64_t fence_ends_ms = 0;
    std::vector<place> line;
    std::uint64_t called = 0;
    std::int64_t called_at_us = 0;
    std::int64_t line_ends_ms = 0;
};

class node_model {
  public:
    /// As a server that was just started without data.
    void clear();

    /// While it is full, nothing may be written that needs memory.
    void set_full(bool full) { full_ = full; }

    node_reply acquire(std::size_t resource, const acquire_call& with, std::int64_t now_us);
    node_reply acquire_in_line(std::size_t resource, const acquire_call& with,
                               const place_call& place, std::int64_t now_us);
    node_reply extend(std::size_t resource, const extend_call& with, std::int64_t now_us);
    node_reply release(std::size_t resource, const release_call& with, std::int64_t now_us);
    /// Takes a place out of the line, as HDEL does.
    void leave_line(std::size_t resource, std::uint64_t place, std::int64_t now_us);
    node_reply hello(std::uint64_t identity, std::int64_t remembers_us, std::int64_t quarantine_ms,
                     std::uint64_t configuration, std::int64_t now_us);
    node_reply vouch();

    /// The keys with what has expired taken out, as everybody would see them.
    const resource_keys& keys(std::size_t resource, std::int64_t now_us) {
        expire(keys_[resource], now_us);
        return keys_[resource];
    }
    /// How many places in lines were passed over since they did not come when called.
    [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

  private:
    static void expire(resource_keys& keys, std::int64_t now_us);
    [[nodiscard]] bool may_write(bool written_before) const { return !full_ || written_before; }
    static bool is_stale(const resource_keys& keys, const acquire_call& with);
    static node_reply stale(const resource_keys& keys, std::int64_t now_us);
    static node_reply grant(resource_keys& keys, const acquire_call& with, bool marked,
                            std::int64_t now_us);

    std::array<resource_keys, most_resources> keys_;
    bool has_epoch_ = false;
    std::uint64_t identity_ = 0;
    std::int64_t birth_us_ = 0;
    bool has_configuration_ = false;
    std::uint64_t configuration_ = 0;
    bool full_ = false;
    std::uint64_t passed_over_ = 0;
};

}  // namespace redlock::sim
