// What a fork means for the library: a child has copies of everything, and none of the connections
// are its own. Descriptors listed here lead nowhere in a child, so that whatever its copies do, no
// byte reaches a server and no timer of the parent is touched; a stamp tells a copy from an
// original. Any thread. Only for fork() and what calls it: a bare clone() runs no handlers.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace redlock::base {

/// Remembers in which process its object was made.
class process_stamp {
  public:
    process_stamp() noexcept;

    /// Whether this is a copy in a forked child. Costs one load and a comparison.
    [[nodiscard]] bool foreign() const noexcept {
        return made_in_ != generation.load(std::memory_order_relaxed);
    }

    /// Forks between the first process and this one.
    static std::atomic<std::uint32_t> generation;

  private:
    std::uint32_t made_in_;
};

/// Lists a descriptor for as long as it lives. Must go before the descriptor is closed, since its
/// number may be another's from then on.
class inherited_descriptor {
  public:
    inherited_descriptor() noexcept = default;
    explicit inherited_descriptor(int descriptor);
    inherited_descriptor(inherited_descriptor&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    inherited_descriptor& operator=(inherited_descriptor&& other) noexcept {
        reset();
        descriptor_ = std::exchange(other.descriptor_, -1);
        return *this;
    }
    ~inherited_descriptor() { reset(); }

    void reset() noexcept;

  private:
    int descriptor_ = -1;
};

}  // namespace redlock::base
