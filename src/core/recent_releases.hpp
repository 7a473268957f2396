// Which resources this client released within the last moments. Without fencing, who comes back to
// a lock so soon may be before those who stand in the nodes' line, and so has to ask for them.
// Pure; used by one strand at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "core/instant.hpp"

namespace redlock::core {

/// Bounded: each resource has one slot of a table, by its hash, and the latest of those that share
/// it stays. So it may forget a release, or, where two hashes are the same, report another's. Takes
/// memory once, with the first release.
class recent_releases {
  public:
    /// As long as the nodes keep a free lock for the first in their line: by then it has taken the
    /// lock, or is passed over.
    static constexpr duration lasts = std::chrono::milliseconds{200};
    static constexpr std::size_t capacity = 4096;

    void note(std::string_view resource, instant now) {
        if (!slots_) {
            slots_ = std::make_unique<std::array<slot, capacity>>();
        }
        const std::size_t hash = hash_of(resource);
        (*slots_)[hash % capacity] = {hash, saturating_add(now, lasts)};
    }
    [[nodiscard]] bool has(std::string_view resource, instant now) const {
        if (!slots_) {
            return false;
        }
        const std::size_t hash = hash_of(resource);
        const slot& its = (*slots_)[hash % capacity];
        return its.hash == hash && now <= its.until;
    }

  private:
    struct slot {
        std::size_t hash = 0;
        instant until = instant::min();
    };
    static_assert(sizeof(slot) <= 16);

    static std::size_t hash_of(std::string_view resource) {
        return std::hash<std::string_view>{}(resource);
    }

    std::unique_ptr<std::array<slot, capacity>> slots_;
};

}  // namespace redlock::core
