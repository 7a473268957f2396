// Prints the series of sizes, as tables for people or as JSON for programs. Standard output only.
#pragma once

#include <string>
#include <vector>

#include "bench/sizes_series.hpp"

namespace bench {

/// With separators between the thousands; "-" for a figure that does not apply.
[[nodiscard]] std::string figure_text(double figure, int decimals);

void print_size_head(const size_series& series);
void print_size_line(const size_series& series, const size_line& line);
void print_size_bounds(const size_series& series);
/// One object under `name`.
void print_series_json(const char* name, const std::vector<size_series>& all);

}  // namespace bench
