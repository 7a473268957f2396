// The resources of one acquisition of several. A value: no I/O; safe to copy to any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <redlock/export.hpp>
#include <redlock/types.hpp>
#include <utility>
#include <vector>

namespace redlock {

/// Names of resources, in any order. Made of a list in braces, {"account:1", "account:2"}, or of a
/// vector.
class REDLOCK_API resource_names {
  public:
    /// How many can be acquired together.
    static constexpr std::size_t most = 64;

    /// None, which no acquisition takes.
    resource_names() = default;
    /// What is in braces. Not an initializer_list, of which g++ 12 cannot compile one in a
    /// `co_await` expression.
    template <class... Names>
        requires(sizeof...(Names) > 0 && (std::convertible_to<const Names&, resource_name> && ...))
    resource_names(const Names&... names) {  // NOLINT(*-explicit-*)
        names_.reserve(sizeof...(Names));
        (names_.emplace_back(names), ...);
    }
    resource_names(std::vector<resource_name> names) noexcept  // NOLINT(*-explicit-*)
        : names_(std::move(names)) {}

    /// As they were given.
    [[nodiscard]] const std::vector<resource_name>& list() const noexcept { return names_; }
    /// For the library itself: sorted, so that what is named twice stands beside each other.
    [[nodiscard]] std::vector<resource_name> sorted() &&;

  private:
    std::vector<resource_name> names_;
};

}  // namespace redlock
