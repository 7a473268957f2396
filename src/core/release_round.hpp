// Giving a lock back: counts the nodes' answers and tells "released" from "was already gone" and
// both from "could not be told". Decides which nodes need a bar besides. Pure; used by one strand
// at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/node_set.hpp"

namespace redlock::core {

enum class release_answer {
    removed,
    absent,        ///< Our token was not there.
    not_executed,  ///< An error, and surely nothing was written.
    unknown,       ///< No answer.
};

enum class release_outcome : std::uint8_t {
    pending,
    released,       ///< A quorum removed our token: until that moment the lock was ours.
    gone,           ///< So many nodes did not have our token that no quorum held it any more.
    unavailable,    ///< Too few nodes could be asked.
    indeterminate,  ///< Too few answered; some may have removed it.
};

[[nodiscard]] std::string_view to_string(release_outcome outcome) noexcept;

/// Where a release goes. A node in none of the sets surely does not have the lock.
struct release_targets {
    node_set granted{};   ///< They surely have the lock.
    node_set doubtful{};  ///< They may, or may get it late.
    /// Of the doubtful, those to which the release travels behind all that is in doubt, on the same
    /// connection: it cannot come first.
    node_set following{};

    [[nodiscard]] node_set all() const { return granted | doubtful; }
};

class release_round {
  public:
    release_round(std::size_t nodes, const release_targets& targets);

    /// True when this event made the outcome final.
    bool on_vote(node_index node, release_answer answer);
    /// A release was lost together with its connection: the next one may overtake what it followed.
    void on_connection_lost(node_index node);

    /// Whether a release to this node must bar what may arrive there after it.
    [[nodiscard]] bool bars(node_index node) const;
    [[nodiscard]] release_outcome outcome() const { return outcome_; }
    /// Where our token is not, or not any more.
    [[nodiscard]] node_set freed() const { return removed_ | absent_; }

  private:
    bool decide_now();

    std::size_t nodes_;
    release_outcome outcome_ = release_outcome::pending;
    node_set doubtful_;
    node_set following_;
    node_set pending_;
    node_set removed_;
    node_set absent_;
    node_set unknown_;
};

}  // namespace redlock::core
