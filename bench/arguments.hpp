// What the benchmark is asked to do, read from the command line. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/library_side.hpp"

namespace bench {

/// What is measured.
enum class part {
    floors_and_hand_over,  ///< Unless a part is chosen.
    floors,
    hand_over,
    frozen,
    options,  ///< The default options beside attempts-limited ones.
    sizes,    ///< What happens as the numbers grow.
    shapes,   ///< What shared locks, permits and the others cost beside plain locks.
};

struct arguments {
    std::optional<double> seconds;  ///< For each line of a table.
    bool json = false;
    part chosen = part::floors_and_hand_over;
    bool help = false;
    style how = style::coroutines;
    // Of --sizes and --shapes:
    std::size_t largest = 100'000;    ///< Lines of more are left out.
    std::vector<std::string> series;  ///< None for all.
    std::string html;                 ///< A file for a page, or empty.
    std::string mistake;              ///< Not empty: the arguments cannot be used, and why.
};

/// A line of the floors' table: its three contenders together.
inline constexpr double floors_seconds = 4.5;
inline constexpr double options_seconds = 3;
inline constexpr double hand_over_seconds = 5;

[[nodiscard]] arguments read_arguments(int count, const char* const* values);

extern const char* const usage;

}  // namespace bench
