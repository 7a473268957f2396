// The decisions of src/core under stories told by bytes, one function a kind of decision: who wins,
// prolongs and gives back a lock (rounds_votes.cpp), what a waiter does next (rounds_waiting.cpp),
// and what a holder does in between (rounds_holding.cpp). Each keeps its own plain account of what
// happened, and complains when the decision's promises do not fit it. Pure; one thread.
#pragma once

#include "fuzz/byte_source.hpp"

namespace redlock::fuzz {

void tell_acquire_round(byte_source& source);
void tell_extend_round(byte_source& source);
void tell_release_round(byte_source& source);

void tell_wait_session(byte_source& source);
void tell_warm_up(byte_source& source);

void tell_renewal(byte_source& source);
void tell_turn(byte_source& source);
void tell_quarantine(byte_source& source);
void tell_hold_view(byte_source& source);

}  // namespace redlock::fuzz
