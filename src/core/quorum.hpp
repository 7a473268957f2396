// When a vote is decided. The one place that knows what a majority is; every round asks here.
#pragma once

#include <cstddef>

namespace redlock::core {

/// The smallest majority of `nodes`.
[[nodiscard]] std::size_t quorum_of(std::size_t nodes) noexcept;

/// How many nodes may fail before no majority is left.
[[nodiscard]] std::size_t tolerated_by(std::size_t nodes) noexcept;

enum class verdict { pending, won, lost };

/// The verdict over `nodes` votes of which so many came in for and against: final as soon as the
/// rest cannot change it.
[[nodiscard]] verdict decide(std::size_t nodes, std::size_t in_favour, std::size_t against);

}  // namespace redlock::core
