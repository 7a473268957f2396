// What one thread of this program has asked of the allocator and of the kernel so far. The
// functions that are counted stand in this program in the place of those of the C and C++
// libraries, so only a program that links counters.cpp may include this. Any thread; each counts
// for itself.
#pragma once

#include <cstdint>

namespace bench {

struct counts {
    std::uint64_t allocations = 0;   ///< Of operator new, in each of its forms, and aligned_alloc.
    std::uint64_t system_calls = 0;  ///< Of those that an event loop and its sockets make.
};

[[nodiscard]] const counts& so_far() noexcept;

}  // namespace bench
