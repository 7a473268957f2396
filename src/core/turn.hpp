// One turn of a process at a lock: from an acquisition on the nodes to its release there. Meanwhile
// the lease may pass from one waiter of the process to the next without a word to the nodes; the
// turn says whether it may, and with which fencing token. Pure. Used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - a fencing token is given out once, and each is larger than the one before;
// - none leaves the block that the nodes' fences guard;
// - a turn ends by a count and by a time, so that other processes are not starved;
// - nobody is given a lease that is over, or of which much is used up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/fencing.hpp"
#include "core/instant.hpp"

namespace redlock::core {

class turn {
  public:
    struct limits {
        /// How often it may pass on.
        std::size_t count = 0;
        /// For how long, counted from the acquisition.
        duration time{0};
    };

    /// One that never passes on.
    turn() = default;
    /// `block`: without ballots for a lock without fencing.
    turn(const ballot_block& block, instant began, const limits& bounds);

    /// How many ballots an acquisition should reserve so that `waiting` others can be served.
    [[nodiscard]] static std::uint64_t block_width(std::size_t waiting, const limits& bounds);

    /// The fencing token of the next holder, or zero for one without fencing, who would get a lock
    /// valid for `fresh` from the nodes, all but `stop_margin` of it to work in, and gets what
    /// lasts until `valid_until`; empty if the lock must go back to the nodes.
    [[nodiscard]] std::optional<std::uint64_t> pass_on(instant now, instant valid_until,
                                                       duration fresh,
                                                       duration stop_margin = duration{0});

    /// Of the present holder.
    [[nodiscard]] std::uint64_t fencing() const { return fencing_; }

  private:
    [[nodiscard]] bool is_fenced() const { return fencing_ != 0; }

    // No more than it needs: each held lock has one.
    std::uint64_t fencing_ = 0;
    instant ends_ = instant::min();
    std::uint32_t left_ = 0;  // how often it may still pass on, by the count and by the block
};

}  // namespace redlock::core
