// A semaphore as one manager knows it, shared by its acquisitions and by the permits that are held.
// On the strand, but for the names and the number, which never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/slot_board.hpp"
#include "driver/key_names.hpp"
#include "redlock/types.hpp"

namespace redlock::driver {

/// What is asked for with a slot.
enum class slot_form : std::uint8_t {
    lock,  ///< The slot alone, as any lock.
    look,  ///< Also the number of permits, and which other slots are free.
};

struct semaphore_state {
    /// What its users call it.
    resource_name name;
    /// What the line of its waiters belongs to, on the nodes and in the process.
    resource_name slots;
    std::uint16_t permits;
    core::slot_board board;

    semaphore_state(resource_name name_of_users, std::uint16_t number, const key_names& keys,
                    std::size_t nodes)
        : name(std::move(name_of_users)),
          slots(keys.slots(name.str())),
          permits(number),
          board(number, nodes) {}
};

/// A node where other clients of a semaphore have given it another number of permits.
struct permits_disagreement {
    node_index node = 0;
    std::uint64_t permits = 0;  ///< Zero: what is there cannot be read.
};

/// How many slots a look tells of, the one that is asked for included.
inline constexpr std::size_t most_looked_at = 64;
/// How many free ones a node names.
inline constexpr std::size_t most_told_free = 16;

}  // namespace redlock::driver
