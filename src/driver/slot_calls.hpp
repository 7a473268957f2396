// The requests for a slot of a semaphore that are not those of any lock, and what their answers
// tell beyond a vote. Strand only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "driver/lock_identity.hpp"
#include "driver/node_pool.hpp"
#include "driver/script_call.hpp"
#include "driver/semaphore_state.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::driver {

struct line_place;

/// What an acquisition tells the nodes besides; see the scripts.
struct slot_call_terms {
    std::chrono::milliseconds lease_time{};
    const line_place* place = nullptr;  ///< Null: it stands in no line.
    bool yields = false;                ///< To those who do.
};

/// `identity`: of a permit.
[[nodiscard]] script_call encode_slot_call(const node_pool& pool, const lock_identity& identity,
                                           const slot_call_terms& terms);

/// Enters in the board what a node says of the slots. `asked`: the slot that it was asked for.
void note_slots(core::slot_board& board, std::size_t asked, node_index node,
                const redis::reply_view& reply);

/// The number of permits that other clients have given a semaphore there, if it is another one;
/// zero if it cannot be read.
[[nodiscard]] std::optional<std::uint64_t> permits_of_others(const redis::reply_view& reply);

}  // namespace redlock::driver
