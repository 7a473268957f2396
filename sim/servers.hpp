// The nodes as processes: each has a clock, keys, clients that want to hear of changes, and bad
// days. Executes commands by the model of the scripts and tells the judge what was written. One
// thread at a time.
#pragma once

#include <array>
#include <cstdint>

#include "sim/network.hpp"
#include "sim/stage.hpp"

namespace redlock::sim {

class servers {
  public:
    /// What a second is to a server that tells its uptime, in the hasty time of this world.
    static constexpr std::int64_t uptime_unit_us = 5'000;

    servers(stage& on, network& between) : on_(on), between_(between) {}

    void begin();

    /// A command has come; its reply is in it afterwards.
    void execute(std::uint32_t command);

    [[nodiscard]] bool is_up(std::uint8_t node) const { return nodes_[node].up; }
    [[nodiscard]] std::uint32_t incarnation(std::uint8_t node) const {
        return nodes_[node].incarnation;
    }
    /// Until when it stands still; the past if it does not.
    [[nodiscard]] tick frozen_until(std::uint8_t node) const { return nodes_[node].frozen_until; }

    void crash(std::uint8_t node, crash_data data);
    void come_back(std::uint8_t node);
    void freeze(std::uint8_t node, tick until);
    void set_full(std::uint8_t node, bool full) { nodes_[node].keys.set_full(full); }
    void step_clock(std::uint8_t node, std::int64_t by_us);
    void look_for_expired(std::uint8_t node, std::uint8_t resource);
    void save(std::uint8_t node) { nodes_[node].saved = nodes_[node].keys; }

    /// How far the node's clock has come, in us since the epoch.
    [[nodiscard]] std::int64_t time_us(std::uint8_t node) const {
        return nodes_[node].clock.at(on_.now) / microsecond;
    }
    /// The token that holds a resource there; zero for none.
    [[nodiscard]] std::uint64_t token(std::uint8_t node, std::uint8_t resource) {
        return nodes_[node].keys.keys(resource, time_us(node)).token;
    }
    /// When a majority may be free of the token if no clock is set any more. Of a node that was set
    /// after it told the time `heard_us`, nobody can know.
    [[nodiscard]] tick free_at(std::uint64_t token, std::uint8_t resource,
                               const std::array<std::int64_t, most_nodes>& heard_us);
    /// How many stand in the line there.
    [[nodiscard]] std::size_t line(std::uint8_t node, std::uint8_t resource) {
        return nodes_[node].keys.keys(resource, time_us(node)).line.size();
    }

  private:
    struct server {
        drifting_clock clock;
        node_model keys;
        node_model saved;  ///< What a crash that loses part of the data comes back with.
        bool up = true;
        std::uint32_t incarnation = 1;
        std::int64_t started_us = 0;  ///< By its clock.
        std::int64_t set_to_us = 0;   ///< What its clock showed after it was set last.
        tick frozen_until = 0;
        std::array<std::uint32_t, most_resources> told{};  ///< Clients to tell of the next change.
        std::array<tick, most_resources> looks_at{};       ///< When it looks for expired keys.
        tick restarted = -1;  ///< Never, or nothing can have been forgotten.
        /// Resources of which a place was taken in its line since nobody was left in it.
        std::array<bool, most_resources> waited_for{};
        std::uint32_t greeted = 0;  ///< Incarnation that greeted first.
    };

    [[nodiscard]] bool in_quarantine(const server& it, std::uint8_t client) const;
    void execute_acquire(server& it, command& what);
    void judge_acquire(server& it, const command& what, const resource_keys& before);
    void execute_extend(server& it, command& what);
    void execute_release(server& it, command& what);
    void execute_hello(server& it, command& what);
    void changed(std::uint8_t number, std::uint8_t resource, std::uint8_t by);
    void tell_of_next_change(std::uint8_t number, const command& what);

    stage& on_;
    network& between_;
    std::array<server, most_nodes> nodes_;
};

}  // namespace redlock::sim
