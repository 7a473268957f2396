// The operator's word for nodes that cannot have forgotten a lock, so that they vote at once: as a
// subcommand, and for the servers that `local` and `demo` start. Main thread only.
#pragma once

#include <string>
#include <vector>

namespace redlock::cli {

/// For servers that were started just now. Throws `redis_error` if one does not take it.
void vouch_for_new(const std::vector<std::string>& urls);

}  // namespace redlock::cli
