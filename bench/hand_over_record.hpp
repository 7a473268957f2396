// What a process of the hand-over part tells the one that measures: what happened, raw and with the
// time, so that one process alone decides what counts. Times are those of the steady clock, which
// all processes of a machine share. The bytes pass between two runs of the same executable only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/slice.hpp"

namespace bench {

/// One acquisition that was won.
struct hold {
    nanoseconds asked{0};  ///< The start of async_acquire.
    nanoseconds begun{0};  ///< Its result.
    nanoseconds ended{0};  ///< Just before async_release.
    std::uint64_t token = 0;
    std::uint64_t worker = 0;
    std::uint64_t slot = 0;  ///< Of a permit.
};

struct hand_over_record {
    std::vector<hold> holds;
    /// When those who had won nothing yet as everything ended had begun to wait.
    std::vector<nanoseconds> still_waiting;
    std::vector<nanoseconds> splits;  ///< When attempts failed since nobody had a quorum.
    std::uint64_t overlaps = 0;       ///< How often a second worker of the process thought it held.
    std::uint64_t errors = 0;
    std::string last_error;
};

static_assert(std::is_trivially_copyable_v<hold>);

/// Writes all of it. Throws std::system_error.
void write_record(int descriptor, const hand_over_record& record);

/// `read` fills so many bytes or throws.
using exact_reader = std::function<void(void* bytes, std::size_t size)>;
[[nodiscard]] hand_over_record read_record(const exact_reader& read);

/// Writes all bytes to a blocking descriptor. Throws std::system_error.
void write_bytes(int descriptor, const void* bytes, std::size_t size);

}  // namespace bench
