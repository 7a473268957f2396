// What one process knows of the slots of a semaphore: on which nodes each is free or taken, and
// which it asks for or holds itself. Says for which slot to ask next. What it knows may be out of
// date: the nodes decide, and their answers correct it. Pure; used by one strand at a time.
//
// Rules it keeps (each has a test that fails without it):
// - it names no slot that this process asks for or holds, as long as there is another;
// - a slot that a quorum reports as free comes before one of which too little is known;
// - one that it knows to be taken is named only where nothing else is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/instant.hpp"
#include "core/node_set.hpp"

namespace redlock::core {

class slot_board {
  public:
    /// `slots`, `nodes`: at least one.
    slot_board(std::size_t slots, std::size_t nodes);

    [[nodiscard]] std::size_t slots() const { return slots_.size(); }

    void on_free(std::size_t slot, node_index node);
    void on_taken(std::size_t slot, node_index node);
    /// It may be free there or not.
    void on_changed(std::size_t slot, node_index node);

    /// What is said to be taken, anywhere, may have been given back since.
    void forget_taken();

    /// Acquisitions of this process that ask for it at this moment.
    void begin_asking(std::size_t slot);
    void end_asking(std::size_t slot);
    /// This process holds it from now on, until one of the following.
    void on_held(std::size_t slot);
    /// It was given back: what is asked from now on comes behind the release on every node.
    void on_given_back(std::size_t slot);
    /// It was lost, or left to its lease.
    void on_gone(std::size_t slot);

    /// A slot that may be free, as far as is known. `random` in [0, 1): where the rotation begins.
    [[nodiscard]] std::optional<std::size_t> pick(double random) const;
    /// Whether that may be another than `slot`.
    [[nodiscard]] bool may_have_free_beside(std::size_t slot) const;
    /// As `pick`, and if there is none, one that a look may find free: it is asked for to wait for
    /// it. `last`: that for which this acquisition asked before; none in its first round.
    [[nodiscard]] std::size_t pick_any(double random, std::optional<std::size_t> last) const;
    /// Whether this process holds all of them.
    [[nodiscard]] bool holds_all() const { return held_ == slots_.size(); }

    /// The nodes have confirmed the number of slots; they keep it for `lifetime` from `then` on.
    void on_confirmed(instant then, duration lifetime);
    /// Whether that was so lately that it need not be confirmed again.
    [[nodiscard]] bool is_confirmed(instant now) const { return now < confirmed_until_; }
    /// Whether it ever was.
    [[nodiscard]] bool was_confirmed() const { return confirmed_until_ != instant::min(); }

  private:
    struct entry {
        node_set free;
        node_set taken;
        std::uint16_t asking = 0;
        std::uint16_t holding = 0;
    };
    /// What is known of a slot, the best first.
    enum class view : std::uint8_t {
        free,       ///< A quorum reports it as free.
        unknown,    ///< Fewer than a quorum have reported anything, and too few that it is taken.
        uncertain,  ///< A quorum may be free, if the nodes that have not reported are.
        taken,
        ours,  ///< This process asks for it or holds it.
    };

    [[nodiscard]] view view_of(const entry& its) const;
    /// The first of the best in the rotation.
    [[nodiscard]] std::size_t best(double random) const;
    void end_holding(entry& its);
    [[nodiscard]] bool is_consistent(const entry& its) const;

    std::size_t nodes_;
    std::size_t held_ = 0;
    std::vector<entry> slots_;
    instant confirmed_until_ = instant::min();
};

}  // namespace redlock::core
