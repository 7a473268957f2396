// How a crowd acquires locks of each shape. Public headers only. Each runs on its manager's
// executor.
#pragma once

#include <cstddef>

#include "bench/sizes_crowd.hpp"

namespace bench {

[[nodiscard]] lock_taker exclusive_locks(name_source name_of);
[[nodiscard]] lock_taker shared_locks(name_source name_of);
/// Exclusive locks, each made a shared one before it counts as taken.
[[nodiscard]] lock_taker downgraded_locks(name_source name_of);
/// Exclusive locks whose loss is waited for, as with_lock and a campaign do.
[[nodiscard]] lock_taker watched_locks(name_source name_of);
/// One permit each, of a semaphore with so many.
[[nodiscard]] lock_taker permits_of(name_source name_of, std::size_t permits);
/// So many names each: those of `name_of`, each with a number behind it.
[[nodiscard]] lock_taker several_names(name_source name_of, std::size_t count);

}  // namespace bench
