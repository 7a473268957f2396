// The semaphores that a manager has lately had to do with. Strand only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "driver/node_pool.hpp"
#include "driver/semaphore_state.hpp"
#include "redlock/types.hpp"

namespace redlock::manager {

/// Bounded, but for those in use: what is known of the others may be forgotten.
class semaphores {
  public:
    /// Its state. Null if it is in use here with another number of permits, `in_use`.
    [[nodiscard]] std::shared_ptr<driver::semaphore_state> find(const resource_name& name,
                                                                std::uint16_t permits,
                                                                const driver::node_pool& nodes,
                                                                std::uint16_t& in_use);

  private:
    std::unordered_map<resource_name, std::shared_ptr<driver::semaphore_state>> known_;
};

}  // namespace redlock::manager
