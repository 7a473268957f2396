// How the doctor's findings look: lines for people, and JSON for programs. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <redlock/health.hpp>
#include <string>
#include <vector>

namespace redlock::cli {

/// What was seen, and the verdict on it.
struct diagnosis {
    std::vector<node_health> nodes;
    std::vector<finding> findings;
};

/// For people: a line a finding, with why and what to do below it, and a last line for all.
[[nodiscard]] std::string describe(const diagnosis& found, bool with_colour = false);

[[nodiscard]] boost::json::object to_json(const diagnosis& found);

/// The finding that says that no lock can be acquired on these nodes; null if there is none.
[[nodiscard]] const finding* reason_for_no_lock(const diagnosis& found);

/// 0, exit_unwell or exit_no_quorum. `strict`: warnings count as problems do.
[[nodiscard]] int status_of(const diagnosis& found, bool strict);

}  // namespace redlock::cli
