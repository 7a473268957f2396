// How one scenario ended, the way from the process that played it to the one that reports, and the
// table for people. Values only; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "faults/judge.hpp"

namespace redlock::faults {

enum class ending { passed, failed, not_run };

struct outcome {
    std::string name;
    ending end = ending::failed;
    std::size_t runs = 1;
    std::size_t faults = 0;
    std::size_t acquisitions = 0;
    std::size_t readers = 0;
    std::size_t lost = 0;
    std::size_t overlaps_within = 0;
    std::size_t overlaps_outside = 0;
    std::size_t refused = 0;
    std::size_t regressions = 0;
    std::size_t lost_updates = 0;
    std::size_t stuck = 0;
    std::size_t leftovers = 0;
    std::vector<std::string> remarks;  ///< What was found, or why it was not run.
};

/// `within`: whether the fault keeps to the protocol's assumptions. `faults`: how often one took
/// effect. Fails also when none did, or when nothing was acquired.
[[nodiscard]] outcome outcome_of(std::string_view name, bool within, const verdict& judged,
                                 std::size_t faults);
/// `more` is another run of the same scenario.
void add_up(outcome& sum, const outcome& more);

[[nodiscard]] std::string to_text(const outcome& one);
/// Throws std::runtime_error: what played the scenario has died in the middle of its report.
[[nodiscard]] outcome outcome_from_text(const std::string& text);

[[nodiscard]] std::string table_of(const std::vector<outcome>& all);

}  // namespace redlock::faults
