// Fuzz target: every state machine of src/core with any order of events; the first byte says which.
#include "fuzz/rounds.hpp"

#include <array>
#include <string_view>

#include "fuzz/target.hpp"

namespace redlock::fuzz {

void try_input(std::string_view bytes) {
    constexpr std::array tellers{tell_acquire_round, tell_extend_round, tell_release_round,
                                 tell_wait_session,  tell_warm_up,      tell_renewal,
                                 tell_turn,          tell_quarantine,   tell_hold_view};
    byte_source source{bytes};
    tellers.at(source.below(tellers.size()))(source);
}

}  // namespace redlock::fuzz
