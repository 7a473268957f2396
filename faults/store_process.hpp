// The store as a process of its own: a Unix socket that takes one request a line and answers one
// record a line, and a log of all of them in the order in which they happened. One thread, so that
// its order is the order.
#pragma once

#include <string>

namespace redlock::faults {

struct store_request {
    std::string socket;
    std::string log;
    bool blind = false;
};

/// Serves until it is killed.
int serve_store(const store_request& request);

}  // namespace redlock::faults
