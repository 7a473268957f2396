// Fuzz target: any reply to a request for a permit or for several names, through what is read out
// of it besides a vote: which slots are free, what number of permits others have, which name is
// meant. One thread.
#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/slot_board.hpp"
#include "driver/lock_identity.hpp"
#include "driver/several_names.hpp"
#include "driver/slot_calls.hpp"
#include "fuzz/byte_source.hpp"
#include "fuzz/target.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::fuzz {
namespace {

using redis::reply_view;

bool is_taken(const reply_view& reply) {
    return reply.is_array() && reply[0].is_integer() && reply[0].integer() == 0;
}

/// The slots that a node may tell of when it was asked for this one, and does.
std::set<std::size_t> named_free(const reply_view& reply, std::size_t slots, std::size_t asked) {
    std::set<std::size_t> named;
    const std::size_t looked_at = std::min(slots, driver::most_looked_at);
    for (std::size_t i = 4; i < reply.size(); ++i) {
        for (std::size_t behind = 1; behind < looked_at; ++behind) {
            const std::size_t slot = (asked + behind) % slots;
            if (reply[i].is_integer() && reply[i].integer() == static_cast<std::int64_t>(slot)) {
                named.insert(slot);
            }
        }
    }
    return named;
}

/// Of three nodes two give the same answer, which are a quorum.
void check_board(const reply_view& reply, std::size_t slots, std::size_t asked, double random) {
    core::slot_board board{slots, 3};
    driver::note_slots(board, asked, 0, reply);
    driver::note_slots(board, asked, 2, reply);
    require(board.pick_any(random, asked) < slots, "only a slot that there is is asked for");
    const auto picked = board.pick(random);
    if (!is_taken(reply) || reply.size() < 4) {
        require(picked.has_value() || slots == 1, "of the others nothing is known");
        return;
    }
    const auto named = named_free(reply, slots, asked);
    if (!named.empty()) {
        require(picked && named.contains(*picked), "what a quorum says is free comes first");
    } else if (slots <= driver::most_looked_at && reply.size() < 4 + driver::most_told_free) {
        require(!picked, "what a quorum leaves out is taken");
    }
    require(picked != asked, "the asked one is taken");
}

void check_number(const reply_view& reply) {
    const auto others = driver::permits_of_others(reply);
    const bool told = reply.is_array() && reply.size() == 2 && reply[0].is_integer() &&
                      reply[0].integer() == -5 && reply[1].is_integer();
    require(others.has_value() == told, "only -5 tells of another number");
    require(!others || reply[1].integer() < 0 ||
                *others == static_cast<std::uint64_t>(reply[1].integer()),
            "the number is the one that was told");
}

void check_names(const reply_view& reply) {
    const std::vector<resource_name> names{"a", "b", "c"};
    driver::lock_identity several{"a", {1, 2}, {1000, 1000}};
    several.bring(driver::extras_ptr{new driver::lock_extras{nullptr, names}});
    const std::string& meant = driver::name_meant_by(reply, several);
    require(std::ranges::find(names, meant, &resource_name::str) != names.end(),
            "one of the names is meant");
}

}  // namespace

void try_input(std::string_view bytes) {
    byte_source source{bytes};
    constexpr std::array<std::size_t, 7> sizes{1, 2, 10, 64, 65, 150, 1024};
    const std::size_t slots = sizes.at(source.below(sizes.size()));
    const std::size_t asked = static_cast<std::size_t>(source.byte()) * 4 % slots;
    const double random = source.fraction();
    redis::resp_reader reader;
    reader.feed({source.rest().data(), source.rest().size()});
    while (reader.next() == redis::resp_reader::status::reply) {
        const reply_view reply = reader.current();
        check_board(reply, slots, asked, random);
        check_number(reply);
        check_names(reply);
    }
}

}  // namespace redlock::fuzz
