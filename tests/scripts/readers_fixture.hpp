// What the tests of shared locks have in common: a node whose readers a test may write by hand,
// with deadlines as old as it likes, so that nobody has to wait for a lease to end. Knows how calls
// are written down, not what the scripts should answer. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scripts/line_fixture.hpp"

namespace redlock::scripts {

class readers_fixture : public line_fixture {
  protected:
    using words = script_node::words;

    /// What one ACQUIRE SHARED is given; a test changes what it is about.
    struct shared_call {
        std::string token = "me";
        std::int64_t ballot = 0;  ///< 0: the node's own time.
        std::int64_t last = 0;    ///< 0: the ballot itself.
        std::int64_t lease_ms = hour_ms;
        std::int64_t window_us = hour_us;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool yields = false;
        bool fenced = true;
        std::string record{};
    };
    /// What the node answered. The node's time reads "TIME" in all answers: so does a grant.
    [[nodiscard]] std::string acquire_shared(const shared_call& with) const;

    /// The same for one that stands in line.
    struct shared_in_line_call {
        shared_call of{};
        std::string place = "shared-me";
        std::int64_t ticket = 100;
        std::int64_t place_lease_ms = hour_ms;
        std::int64_t grace_ms = hour_ms;
        std::int64_t longest = 100;
    };
    [[nodiscard]] std::string acquire_shared_in_line(const shared_in_line_call& with) const {
        return answer_to(acquire_shared_in_line_command(with));
    }
    [[nodiscard]] words acquire_shared_in_line_command(const shared_in_line_call& with) const;

    struct extend_call {
        std::string token = "me";
        std::int64_t last = 0;
        std::int64_t lease_ms = hour_ms;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        bool heals = false;
        std::string record{};
    };
    [[nodiscard]] std::string extend_shared(const extend_call& with) const;

    struct release_call {
        std::string token = "me";
        std::int64_t bar = 0;
        std::int64_t fence_lifetime_ms = 2 * hour_ms;
        std::int64_t window_us = hour_us;
        bool above_the_fence = false;
        std::int64_t keep_ms = 0;
    };
    /// With the token alone where nothing else is given.
    [[nodiscard]] std::string release_shared(const release_call& with) const;

    /// `token`: of which reader alone; empty: of all.
    [[nodiscard]] std::string status(const std::string& token = {}) const;

    // ---- what a test writes by hand ----

    /// "me" is the only reader, since the fence stood there.
    void read_alone(std::int64_t since, std::int64_t lasts_ms = 5 * hour_ms) const {
        node.server.command({"SET", node.lock, "redlock:shared " + std::to_string(since) + " me",
                             "PX", std::to_string(lasts_ms)});
    }
    /// Readers have the lock, since the fence stood there. `lasts_ms`: of both keys.
    void begin_set(std::int64_t since, std::int64_t lasts_ms = 5 * hour_ms) const;
    /// A reader in the set, alive for another five hours (or dead, below zero); its deadline.
    [[maybe_unused]] std::int64_t put(const std::string& token,
                                      std::int64_t alive_for_ms = 5 * hour_ms) const;
    void entomb(const std::string& token, std::int64_t for_ms = hour_ms) const;
    void set_fence(std::int64_t to, const std::string& mark = "") const;

    // ---- what it looks at, of a set of readers and of one that is alone ----

    [[nodiscard]] std::int64_t now_ms() const { return node.time_us() / 1000; }
    [[nodiscard]] bool has_marker() const;
    /// "since <number>" and ":<token>" of the only reader, as a set would have them; else nothing.
    [[nodiscard]] std::optional<std::pair<std::string, std::string>> alone() const;
    /// Of one that is alone it is reckoned from what is left, and may be late by a command.
    [[nodiscard]] std::optional<std::int64_t> score(const std::string& member) const;
    /// Whether a reader is there whose lease began just now.
    [[nodiscard]] bool reads(const std::string& token, std::int64_t lease_ms = hour_ms) const;
    [[nodiscard]] bool is_entombed(const std::string& token) const;
    [[nodiscard]] bool has_member(const std::string& member) const;
    /// All of them, one after the other, from the smallest score on.
    [[nodiscard]] std::string members() const;
    /// Whether the readers' keys end at this instant of the node's clock, in ms.
    [[nodiscard]] bool ends_at(std::int64_t instant_ms) const;
    [[nodiscard]] std::optional<std::string> fence() const { return node.server.get(node.fence); }
    void expect_nobody() const;

    /// What keeps a key of its own from being changed: all keys, with their values.
    [[nodiscard]] std::string everything() const;

    const std::string readers = "redlock:readers:{job}";

  private:
    [[nodiscard]] std::string answer_to(const words& command) const;
    [[nodiscard]] static words eval(const script& which, const words& keys, const words& arguments);
    [[nodiscard]] words acquire_arguments(const shared_call& with) const;
};

}  // namespace redlock::scripts
