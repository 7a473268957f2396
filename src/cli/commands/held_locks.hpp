// What all nodes say of many locks. Many are asked about at once, but not all: ten thousand locks
// must not become ten thousand commands in one breath. Main thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <redlock/lock_manager.hpp>
#include <vector>

namespace redlock::cli {

/// Locks and semaphores that were found by their names.
struct found_names {
    std::vector<resource_name> locks;
    std::vector<semaphore> semaphores;
};

struct seen_locks {
    error_code error;
    /// In the order of the names; behind them the permits. Not all after an error.
    std::vector<resource_status> found;
};

/// Asks the nodes about each lock and each permit.
[[nodiscard]] boost::asio::awaitable<seen_locks> look_at(lock_manager& locks,
                                                         const found_names& names);

}  // namespace redlock::cli
