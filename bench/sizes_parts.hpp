// The series of sizes and of shapes, each in a file of its own: what it is, how it is measured, and
// the bounds that it must keep. Each measures on servers that are for nothing else. Public headers
// only. One thread, but for the series of managers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <redlock/endpoint.hpp>
#include <string>
#include <vector>

#include "bench/sizes_series.hpp"

namespace bench {

struct size_plan {
    std::optional<double> seconds;  ///< For each line; a series has its own unless given.
    std::size_t largest = 100'000;  ///< Lines of more are left out.

    [[nodiscard]] std::vector<std::size_t> up_to_largest(std::vector<std::size_t> sizes) const {
        std::erase_if(sizes, [this](std::size_t each) { return each > largest; });
        return sizes;
    }
};

using size_nodes = std::vector<redlock::endpoint>;

/// The servers that a series uses unless it is about their number.
inline constexpr std::size_t usual_nodes = 3;

/// How many waiters a line has.
[[nodiscard]] inline std::vector<std::size_t> waiter_counts() {
    return {100, 1'000, 10'000, 100'000};
}

/// A name for each of many locks. Different series and lines have different ones, since a server
/// remembers a name for a while.
[[nodiscard]] std::string size_name(const std::string& series, std::size_t size,
                                    std::size_t number);

struct size_part {
    size_series (*describe)() = nullptr;
    void (*measure)(const size_nodes& nodes, const size_plan& plan,
                    const size_sink& ready) = nullptr;
    void (*judge)(size_series& series) = nullptr;
    std::size_t fewest_nodes = usual_nodes;
};

[[nodiscard]] size_part nodes_part();
[[nodiscard]] size_part in_flight_part();
[[nodiscard]] size_part held_part();
[[nodiscard]] size_part one_name_part();
[[nodiscard]] size_part many_names_part();
[[nodiscard]] size_part managers_part();
[[nodiscard]] size_part shares_part();

[[nodiscard]] size_part costs_part();
[[nodiscard]] size_part readers_part();
[[nodiscard]] size_part permits_part();
[[nodiscard]] size_part changes_part();

}  // namespace bench
