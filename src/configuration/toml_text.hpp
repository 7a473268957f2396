// What a TOML document may hold where, as far as toml++ must not be given anything else. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace redlock::toml_text {

struct position {
    std::size_t line = 1;    ///< From 1.
    std::size_t column = 1;  ///< From 1, in characters.
};

/// The first character outside of texts and comments that is not ASCII. TOML 1.0 knows none there
/// but a byte order mark at the beginning; toml++ looks such characters up in tables that do not
/// cover all of them. What is not TOML for another reason is not noticed here.
[[nodiscard]] std::optional<position> first_foreign(std::string_view document);

}  // namespace redlock::toml_text
