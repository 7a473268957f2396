// The series of sizes as one page that opens from a file: plots and a table for each. No scripts
// and nothing from elsewhere; readable in a light and in a dark window.
#pragma once

#include <string>
#include <vector>

#include "bench/sizes_series.hpp"

namespace bench {

/// Throws std::runtime_error if the file cannot be written.
void write_series_page(const std::string& file, const std::string& title,
                       const std::vector<size_series>& all);

}  // namespace bench
