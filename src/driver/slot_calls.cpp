#include "driver/slot_calls.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "driver/acquire_attempt.hpp"
#include "driver/line_place.hpp"

namespace redlock::driver {

namespace {

/// The locks of the slots behind the asked one, as in a ring.
std::vector<std::string> others_of(const node_pool& pool, const lock_extras& asked) {
    const semaphore_state& semaphore = *asked.semaphore;
    const std::size_t looked_at = std::min<std::size_t>(semaphore.permits, most_looked_at);
    std::vector<std::string> others;
    others.reserve(looked_at - 1);
    for (std::size_t i = 1; i < looked_at; ++i) {
        others.push_back(
            pool.keys().slot(semaphore.name.str(), (asked.slot + i) % semaphore.permits));
    }
    return others;
}

}  // namespace

script_call encode_slot_call(const node_pool& pool, const lock_identity& identity,
                             const slot_call_terms& terms) {
    const auto& options = pool.options();
    const lock_extras& asked = *identity.extras;
    const semaphore_state& semaphore = *asked.semaphore;
    const key_pieces fence = pool.keys().fence_pieces(identity.resource.str());
    const std::string permits = pool.keys().permits(semaphore.name.str());
    const std::string line = pool.keys().line(semaphore.slots.str());
    const std::vector<std::string> others = others_of(pool, asked);
    const holder_arguments holder{pool.keys(), identity};
    const written_token token = identity.written();

    std::vector<script_argument> keys{identity.resource.str(), fence, permits};
    std::vector<script_argument> arguments{token.view(),
                                           identity.block.first,
                                           identity.block.last,
                                           terms.lease_time.count(),
                                           std::chrono::microseconds{options.clock_window}.count(),
                                           options.fence_lifetime.count()};
    if (terms.place == nullptr) {
        arguments.emplace_back(terms.yields ? "1" : "0");
    } else {
        keys.emplace_back(line);
        arguments.insert(arguments.end(), {terms.place->id, terms.place->ticket,
                                           place_lease.count(), line_grace.count(), longest_line});
    }
    keys.insert(keys.end(), others.begin(), others.end());
    arguments.insert(arguments.end(), {semaphore.permits, asked.slot});
    if (!holder.record().empty()) {
        keys.emplace_back(holder.key());
        arguments.emplace_back(holder.record());
    }
    return {terms.place == nullptr ? scripts::acquire_slot : scripts::acquire_slot_in_line,
            std::span<const script_argument>{keys}, std::span<const script_argument>{arguments}};
}

void note_slots(core::slot_board& board, std::size_t asked, node_index node,
                const redis::reply_view& reply) {
    const bool taken = reply.is_array() && reply[0].is_integer() && reply[0].integer() == 0;
    if (!taken) {
        // What it was does not hold any more; what it is now depends on the attempt.
        board.on_changed(asked, node);
        return;
    }
    board.on_taken(asked, node);
    if (reply.size() < 4) {
        return;  // It was asked for the lock alone.
    }
    const std::size_t looked_at = std::min(board.slots(), most_looked_at);
    std::vector<bool> free(looked_at);
    for (std::size_t i = 4; i < reply.size(); ++i) {
        const std::int64_t slot = reply[i].is_integer() ? reply[i].integer() : -1;
        if (slot >= 0 && static_cast<std::uint64_t>(slot) < board.slots()) {
            const std::size_t behind =
                (static_cast<std::size_t>(slot) + board.slots() - asked) % board.slots();
            if (behind > 0 && behind < looked_at) {
                free[behind] = true;
            }
        }
    }
    // A full answer leaves out what else is free.
    const bool is_full = reply.size() >= 4 + most_told_free;
    for (std::size_t behind = 1; behind < looked_at; ++behind) {
        const std::size_t slot = (asked + behind) % board.slots();
        if (free[behind]) {
            board.on_free(slot, node);
        } else if (is_full) {
            board.on_changed(slot, node);
        } else {
            board.on_taken(slot, node);
        }
    }
}

std::optional<std::uint64_t> permits_of_others(const redis::reply_view& reply) {
    if (!reply.is_array() || reply.size() != 2 || !reply[0].is_integer() ||
        reply[0].integer() != -5 || !reply[1].is_integer()) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(reply[1].integer(), 0));
}

}  // namespace redlock::driver
