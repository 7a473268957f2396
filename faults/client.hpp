// A client process of a fault run: several workers that share one manager, take the lock again and
// again, update what it guards, and write down what they believe. It knows nothing of the fault
// that it lives through. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <redlock/options.hpp>
#include <string>
#include <vector>

namespace redlock::faults {

struct client_request {
    std::string name;
    std::vector<std::string> nodes;
    std::string store;  ///< The store's socket.
    std::string log;
    std::size_t workers = 2;    ///< That take a plain or a shared lock.
    std::size_t resources = 1;  ///< Workers are dealt out over so many.
    bool all_shapes = true;     ///< Besides, one worker for each of the other shapes.
    std::chrono::milliseconds lease_time{1000};
    std::chrono::milliseconds clock_window{400};
    std::chrono::milliseconds clock_step{1000};
    std::chrono::milliseconds fence_lifetime{3000};
    std::chrono::milliseconds node_timeout{200};
    std::size_t readers = 0;  ///< Percent of the acquisitions; and as many writers become readers.
    /// A hold lasts so long at most, but every `long_every`th one up to one and a half leases.
    std::chrono::milliseconds hold{20};
    std::size_t long_every = 40;
    /// How fast this process's clocks are made to run: of `until` in the log only.
    double clock_rate = 1;
    bool guard = true;
    std::string broken;  ///< A name of `breaks`, or empty.
};

/// What the client's manager is made with. Everybody on the same nodes must agree on it.
[[nodiscard]] manager_options options_of(const client_request& request);

/// Works until SIGTERM, then ends its workers in order and closes its manager.
int run_client(const client_request& request);

}  // namespace redlock::faults
