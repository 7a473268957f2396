// Names of enumerators for people, from a list. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace redlock::core {

/// That of `value`, of the names of all enumerators up to `Last` in their order.
template <auto Last, std::size_t Count>
[[nodiscard]] constexpr std::string_view name_in(const std::string_view (&names)[Count],
                                                 decltype(Last) value) noexcept {
    static_assert(Count == static_cast<std::size_t>(Last) + 1, "one for each");
    const auto at = static_cast<std::size_t>(value);
    return at < Count ? names[at] : "?";
}

}  // namespace redlock::core
