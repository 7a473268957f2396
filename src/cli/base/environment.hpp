// What the environment says. Main thread only, while nobody else changes it.
#pragma once

#include <cstdlib>
#include <optional>
#include <string_view>

namespace redlock::cli {

/// The value of a variable, which may be empty; nothing if it is not set.
[[nodiscard]] inline std::optional<std::string_view> environment_value(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string_view>{value};
}

}  // namespace redlock::cli
