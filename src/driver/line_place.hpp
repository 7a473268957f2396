// Where an acquisition stands in the fair line of a resource, and the terms of such a line. Values
// only; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace redlock::driver {

/// What the place of a shared lock's acquisition begins with.
inline constexpr std::string_view readers_place = "shared-";
/// The id of an acquisition that goes behind earlier places, and takes none itself: to the nodes a
/// field that begins so is a call, and never a place.
inline constexpr std::string_view no_place = "called -";

/// A place in line outlives a few looks of its owner, who looks again every 20 s at the latest.
inline constexpr std::chrono::milliseconds place_lease{60'000};
/// What the first in line is given to come for a free lock before it is passed over: many round
/// trips, and little against a lease. A dead one costs the others this once.
inline constexpr std::chrono::milliseconds line_grace{200};
inline constexpr std::size_t longest_line = 128;

/// The same on every node and in every attempt.
struct line_place {
    std::string id;            ///< Of a shared lock's acquisition, with `readers_place` before it.
    std::uint64_t ticket = 0;  ///< Smaller: came earlier.
};

}  // namespace redlock::driver
