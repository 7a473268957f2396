// Whether a text matches a pattern as Redis and the shell have them: `*`, `?`, `[...]` and a
// backslash. Pure; any thread.
#pragma once

#include <string>

namespace redlock::base {

/// A NUL byte ends both.
[[nodiscard]] bool matches_glob(const std::string& pattern, const std::string& text) noexcept;

}  // namespace redlock::base
