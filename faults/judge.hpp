// Reads everybody's records of one fault run and tells what was broken: a holder beside another,
// unless both are readers,
// fencing tokens that went back, updates that the store lost, waiters that never got the lock
// although nothing was wrong any more, keys that outlived every lease. Pure: no clock, no file, no
// process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "faults/record.hpp"

namespace redlock::faults {

struct evidence {
    std::vector<record> clients;  ///< Each worker's records in their order; workers in any.
    std::vector<record> store;    ///< In their order.
    /// From when to when nothing was wrong and everybody must have got the lock.
    std::int64_t calm_begin = 0;
    std::int64_t calm_end = 0;
    /// Keys found on nodes after the longest lease, as "node 0: name".
    std::vector<std::string> leftovers;
};

struct verdict {
    std::size_t acquisitions = 0;
    std::size_t readers = 0;  ///< Those of them that share the lock.
    std::size_t lost = 0;     ///< Holders that were told of a loss.
    std::size_t failed = 0;   ///< Acquisitions that ended in an error.
    std::size_t refused = 0;  ///< Operations that the store refused.

    std::size_t overlaps = 0;     ///< Holds that began while another one lasted.
    std::size_t regressions = 0;  ///< Tokens not larger than that of an earlier acquisition.
    std::size_t lost_updates = 0;
    std::size_t stuck = 0;
    std::size_t leftovers = 0;

    /// What was found, with the records that show it; the first few of each kind.
    std::vector<std::string> findings;
};

[[nodiscard]] verdict judge(const evidence& seen);

}  // namespace redlock::faults
