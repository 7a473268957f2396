// What the benchmark is asked to do, read from the command line. No I/O.
#pragma once

#include <string>

#include "bench/library_side.hpp"

namespace bench {

struct arguments {
    double seconds = 4.5;  ///< For each cell of the table, its three contenders together.
    bool json = false;
    bool frozen = false;
    bool help = false;
    style how = style::coroutines;
    std::string mistake;  ///< Not empty: the arguments cannot be used, and why.
};

[[nodiscard]] arguments read_arguments(int count, const char* const* values);

extern const char* const usage;

}  // namespace bench
