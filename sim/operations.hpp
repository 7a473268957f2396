// What clients have under way: attempts, extensions, releases and holds, each around the core's own
// object that decides it, and the commands that carry them. Plain records in storage that is used
// again from one schedule to the next. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/acquire_round.hpp"
#include "core/extend_round.hpp"
#include "core/fencing.hpp"
#include "core/release_round.hpp"
#include "core/renewal.hpp"
#include "core/turn.hpp"
#include "sim/checker.hpp"
#include "sim/node_model.hpp"
#include "sim/plan.hpp"

namespace redlock::sim {

inline constexpr std::uint32_t none = UINT32_MAX;

/// Grows, never moves what it holds, and keeps its memory when emptied.
template <class T>
class slab {
  public:
    void clear() { size_ = 0; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }
    T& operator[](std::uint32_t index) { return *items_[index]; }
    template <class... Arguments>
    std::uint32_t add(Arguments&&... arguments) {
        if (size_ == items_.size()) {
            items_.push_back(std::make_unique<T>(std::forward<Arguments>(arguments)...));
        } else {
            std::destroy_at(items_[size_].get());
            std::construct_at(items_[size_].get(), std::forward<Arguments>(arguments)...);
        }
        return static_cast<std::uint32_t>(size_++);
    }

  private:
    std::vector<std::unique_ptr<T>> items_;
    std::size_t size_ = 0;
};

enum class command_kind : std::uint8_t { acquire, extend, release, leave_line, info, hello, vouch };

/// One command on its way. Its arguments are those of its subject.
struct command {
    command_kind kind = command_kind::acquire;
    std::uint8_t client = 0;
    std::uint8_t node = 0;
    std::uint8_t resource = 0;
    bool plants = false;  ///< extend: asks to plant the lock again.
    bool barred = false;  ///< release
    std::uint32_t subject = none;
    std::uint32_t connection = none;  ///< None while it waits for one.
    std::uint32_t next = none;        ///< Behind it on the connection.
    std::uint64_t place = 0;          ///< leave_line
    node_reply reply{};
    std::int64_t node_us = 0;  ///< The node's time, if the answer tells it.
};

using commands_by_node = std::array<std::uint32_t, most_nodes>;

inline constexpr commands_by_node no_commands{none, none, none, none, none};

struct attempt {
    attempt(std::size_t nodes, std::int64_t lease, core::instant started, std::int64_t step_ms)
        : lease_ms(lease),
          round(nodes, std::chrono::milliseconds{lease}, started,
                std::chrono::milliseconds{step_ms}) {}

    std::uint8_t client = 0;
    std::uint8_t user = 0;
    std::uint8_t resource = 0;
    bool has_owner = true;  ///< Somebody waits for its outcome.
    bool in_line = false;
    std::int64_t lease_ms;
    std::int64_t wall_us = 0;
    core::ballot_block block{};
    acquire_call call{};
    place_call place{};
    core::acquire_round round;
    core::node_set deferred;
    core::node_set too_early;  ///< Granted by nodes that might not have voted yet.
    commands_by_node commands = no_commands;
    tick begun = 0;
    std::uint64_t floor = 0;
};

struct extension {
    extension(std::size_t nodes, std::int64_t lease, core::instant started, core::instant until,
              std::int64_t step_ms)
        : round(nodes, std::chrono::milliseconds{lease}, started, until,
                std::chrono::milliseconds{step_ms}) {}

    std::uint32_t of_hold = none;
    bool has_owner = true;
    extend_call call{};
    core::node_set granted;  ///< Nodes that were seen to have the lock.
    core::node_set healing;
    core::node_set prolonged;  ///< Where it was carried out on a lock that stood.
    core::extend_round round;
    commands_by_node commands = no_commands;
};

struct release {
    release(std::size_t nodes, const core::release_targets& targets) : round(nodes, targets) {}

    release_call call{};
    std::uint32_t of_hold = none;
    bool final = true;      ///< After it, nothing of the token may appear on the node.
    bool outsider = false;  ///< By somebody who knows the token only.
    core::instant until{};
    core::release_round round;
    commands_by_node commands = no_commands;
};

struct hold {
    enum class stage : std::uint8_t { held, lost, releasing, over };

    explicit hold(const core::renewal& with) : renewal(with) {}

    std::uint8_t client = 0;
    std::uint8_t user = 0;
    std::uint8_t resource = 0;
    stage at = stage::held;
    bool renews = false;
    std::uint32_t by = none;  ///< The attempt that won it on the nodes.
    std::int64_t lease_ms = 0;
    core::turn turn;
    core::instant started{};
    core::instant valid_until{};
    core::renewal renewal;
    core::node_set granted;
    core::node_set planted;
    core::node_set replanted_before;  ///< For coverage: planted again by an earlier round.
    std::vector<std::uint32_t> extensions{};
    std::uint32_t extended_by = none;  ///< The extension that gave the present lease.
    checker::hold judged = 0;
    std::uint32_t alarm = 0;  ///< Generation of its timer.
};

}  // namespace redlock::sim
