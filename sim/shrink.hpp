// Makes a failing schedule small: leaves out items of its plan for as long as the same check still
// fails. Runs worlds; prints nothing. One thread at a time.
#pragma once

#include "sim/world.hpp"

namespace redlock::sim {

struct shrunk_plan {
    plan smallest;
    violation found;
    std::size_t left_out = 0;  ///< Items of the first plan that it does without.
};

/// `failing` breaks `found` in `in`.
[[nodiscard]] shrunk_plan shrink(world& in, const plan& failing, const violation& found);

}  // namespace redlock::sim
