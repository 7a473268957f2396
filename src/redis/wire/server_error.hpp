// What a server's error reply means for us, and how much of its text people may see. Must never let
// a secret through: some servers repeat the arguments of a command that they do not know. Pure; any
// thread.
#pragma once

#include <redlock/error.hpp>
#include <string>
#include <string_view>

namespace redlock::redis {

/// The cause behind an error reply, by its leading code word; node_errc::error_reply for any other.
[[nodiscard]] node_errc classify(std::string_view error_text) noexcept;

/// The script has to be sent in full: the server does not know its digest.
[[nodiscard]] bool is_noscript(std::string_view error_text) noexcept;

/// The text for people: one printable line of at most 200 bytes, without repeated arguments, and
/// with every occurrence of `secret` masked.
[[nodiscard]] std::string shown_text(std::string_view error_text, std::string_view secret = {});

}  // namespace redlock::redis
