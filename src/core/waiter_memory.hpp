// For which resources others are known to stand in the nodes' line, where an acquisition does not
// look: without fencing it asks each node for the lock key alone. Pure; used by one strand at a
// time.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>

namespace redlock::core {

/// Bounded: when it is full, all is forgotten. Then a client may once take a lock before those who
/// wait for it, and hears of them with its release.
class waiter_memory {
  public:
    static constexpr std::size_t usual_capacity = 4096;

    explicit waiter_memory(std::size_t capacity = usual_capacity) : capacity_(capacity) {}

    void note(const std::string& resource) {
        if (resources_.size() >= capacity_ && !resources_.contains(resource)) {
            resources_.clear();
        }
        resources_.insert(resource);
    }
    void forget(const std::string& resource) { resources_.erase(resource); }
    [[nodiscard]] bool has(const std::string& resource) const {
        return !resources_.empty() && resources_.contains(resource);
    }

  private:
    std::size_t capacity_;
    std::unordered_set<std::string> resources_;
};

}  // namespace redlock::core
