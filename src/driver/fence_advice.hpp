// A fence so far ahead of its node's clock that no fencing token above it is accepted: whether it
// is, and what to tell people about it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/instant.hpp"

namespace redlock::driver {

/// By how much `fence` is ahead of a node's clock, if that is out of reach; see core/fencing.hpp.
[[nodiscard]] std::optional<std::chrono::milliseconds> too_far_ahead(
    std::uint64_t fence, std::int64_t node_us, std::chrono::milliseconds window);

/// A sentence for people: how far, and what to do. `left`: until the fence expires; empty if it
/// never does.
[[nodiscard]] std::string fence_advice(const std::string& fence_key, std::uint64_t fence,
                                       std::int64_t node_us, std::optional<core::duration> left);

}  // namespace redlock::driver
