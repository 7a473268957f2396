// The calls of a lock of several names, which each node gives, prolongs and takes back under all of
// them together; and what its answers mean for each. Strand only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "driver/lock_identity.hpp"
#include "driver/node_pool.hpp"
#include "driver/script_call.hpp"
#include "redis/wire/resp_reader.hpp"

namespace redlock::driver {

/// `yields`: leaves free names to those who wait for one. `ticket`: of one that waits on. It goes
/// behind the places in line that came before it, and tells others where a name is held; 0:
/// neither.
[[nodiscard]] script_call acquire_all_call(const node_pool& pool, const lock_identity& identity,
                                           std::chrono::milliseconds lease_time, bool yields,
                                           std::uint64_t ticket);
[[nodiscard]] script_call extend_all_call(const node_pool& pool, const lock_identity& identity,
                                          std::chrono::milliseconds lease_time, bool plants);
/// `kept`: for how long the lock is to stay there from now on; zero: it ends.
[[nodiscard]] script_call release_all_call(const node_pool& pool, const lock_identity& identity,
                                           std::uint64_t bar, std::chrono::milliseconds kept);

/// Which of the lock's names an answer to ACQUIRE is about that refuses it. Refers to `identity`.
[[nodiscard]] const std::string& name_meant_by(const redis::reply_view& reply,
                                               const lock_identity& identity);

/// Others wait in line for one of the names; of several it is not known for which.
void note_waiters(node_pool& pool, const lock_identity& identity);

}  // namespace redlock::driver
