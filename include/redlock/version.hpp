// The version of these headers, for the preprocessor and for the program. CMake reads it here, so
// that there is one place to change. Constants only: any thread.
#pragma once

#include <string_view>

#define REDLOCK_VERSION_MAJOR 0
#define REDLOCK_VERSION_MINOR 1
#define REDLOCK_VERSION_PATCH 0

/// For comparing: 1.2.3 is 10203.
#define REDLOCK_VERSION \
    (REDLOCK_VERSION_MAJOR * 10000 + REDLOCK_VERSION_MINOR * 100 + REDLOCK_VERSION_PATCH)

#define REDLOCK_TEXT_OF_(major, minor, patch) #major "." #minor "." #patch
#define REDLOCK_TEXT_OF(major, minor, patch) REDLOCK_TEXT_OF_(major, minor, patch)
/// As a string: "1.2.3".
#define REDLOCK_VERSION_STRING \
    REDLOCK_TEXT_OF(REDLOCK_VERSION_MAJOR, REDLOCK_VERSION_MINOR, REDLOCK_VERSION_PATCH)

namespace redlock {

/// The version that the calling file was compiled with: "1.2.3".
[[nodiscard]] constexpr std::string_view version() noexcept {
    return REDLOCK_VERSION_STRING;
}

}  // namespace redlock
