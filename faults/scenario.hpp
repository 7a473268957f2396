// The table of what is tried: each scenario is what it is played with and what is done to it. What
// must hold in the end is the same for all; only whether two holders at once are within the
// protocol's assumptions differs.
#pragma once

#include <string_view>
#include <vector>

#include "faults/world.hpp"

namespace redlock::faults {

struct scenario {
    std::string_view name;
    std::string_view about;
    /// False: the fault breaks an assumption of the protocol, overlaps are told and do not count.
    bool within = true;
    bool in_short = false;  ///< Belongs to the selection for every change.
    setting with;
    /// Does the harm, and counts what took effect; the world puts right what is left.
    void (*disturb)(world& all) = nullptr;
};

/// All, in the order in which they run.
[[nodiscard]] const std::vector<scenario>& scenarios();

/// One family each.
[[nodiscard]] std::vector<scenario> server_scenarios();
[[nodiscard]] std::vector<scenario> restart_scenarios();
[[nodiscard]] std::vector<scenario> client_scenarios();
[[nodiscard]] std::vector<scenario> network_scenarios();
[[nodiscard]] std::vector<scenario> memory_scenarios();

}  // namespace redlock::faults
