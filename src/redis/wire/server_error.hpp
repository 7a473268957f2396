// What a server's error reply means for us. Pure; any thread.
#pragma once

#include <redlock/error.hpp>
#include <string_view>

namespace redlock::redis {

/// The cause behind an error reply, by its leading code word; node_errc::error_reply for any other.
[[nodiscard]] node_errc classify(std::string_view error_text) noexcept;

/// The script has to be sent in full: the server does not know its digest.
[[nodiscard]] bool is_noscript(std::string_view error_text) noexcept;

}  // namespace redlock::redis
