// How much people may see of what a peer said. Must never let a secret through: some servers repeat
// the arguments of a command that they do not know. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace redlock::base {

/// The text for people: one printable line of at most 200 bytes, without repeated arguments, and
/// with every occurrence of `secret` masked.
[[nodiscard]] std::string shown_text(std::string_view error_text, std::string_view secret = {});

}  // namespace redlock::base
