// All that a server keeps, as one text: for tests that nothing was written. One thread at a time.
#pragma once

#include <string>

#include "support/redis_server.hpp"

namespace redlock::support {

/// Of every database each key in order, with a digest of its type and value, and whether it ends. A
/// time to live that passes is no change.
[[nodiscard]] std::string key_space(const redis_server& server);

}  // namespace redlock::support
