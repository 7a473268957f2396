// Waits until the connections of a manager stand, so that none of them is opened during what is
// measured. Public headers only. Runs on the manager's executor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <redlock/redlock.hpp>

#include "bench/slice.hpp"

namespace bench {

/// Asks until each node has an answer to give, or the time is up. True if every node answered.
[[nodiscard]] boost::asio::awaitable<bool> all_answer(redlock::lock_manager& locks,
                                                      clock::time_point end);

}  // namespace bench
