// How much memory the process uses: by malloc's own count, and by what is resident. Functions only.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace bench {

struct memory_use {
    double counted = 0;   ///< Bytes that malloc has given out, its own heads included.
    double resident = 0;  ///< Bytes of the process in memory, what malloc keeps free included.

    [[nodiscard]] memory_use operator-(const memory_use& before) const {
        return {counted - before.counted, resident - before.resident};
    }
};

/// Gives back what malloc keeps free: else a growth after this would not show in the resident set.
inline void trim_memory() {
    ::malloc_trim(0);
}

[[nodiscard]] inline memory_use memory_now() {
    const auto seen = ::mallinfo2();
    std::ifstream statistics{"/proc/self/statm"};
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
    statistics >> pages >> resident;
    return {static_cast<double>(seen.uordblks + seen.hblkhd),
            static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace bench
