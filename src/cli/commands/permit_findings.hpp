// What keeps clients from the permits of a semaphore, as `redlock doctor` reports it. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <redlock/health.hpp>
#include <redlock/status.hpp>
#include <vector>

namespace redlock::cli {

/// Judges the keys of the slots, and `asked`, the number of permits, against the number of the
/// other clients. One finding for each slot and kind of problem: it names the first node that has
/// the problem as its own, and the others in its text. One of the code `no_quorum` if, for no slot,
/// enough of `nodes` give votes, unless too few of them give votes for anything.
[[nodiscard]] std::vector<finding> judge_permits(const semaphore_status& seen, std::size_t asked,
                                                 const std::vector<node_health>& nodes);

}  // namespace redlock::cli
