// Logins that somebody typed where none belongs: an error message that repeats a word of the
// command line must not put a password into a log or a mail. What is said is compared with what was
// typed, so that no message of ours is garbled because it looks like a URL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redlock::cli {

/// The word with "***" in place of what stands before the last "@" of a URL or of
/// `user:password@host`, and of a URL's query. A word that holds no such thing comes back as it is.
[[nodiscard]] std::string without_login(std::string_view word);

/// Whether a URL with a password stands in it. A user's name alone, as in `ssh://git@host`, is
/// none.
[[nodiscard]] bool has_url_with_password(std::string_view word);

/// The same, or the URL of a node without one.
[[nodiscard]] bool is_like_a_node(std::string_view word);

/// Notes the words of the command line and of the environment. Once, before there are threads.
void remember_typed(const std::vector<std::string>& words);

/// Hides the logins of typed URLs: for whatever is said. Any thread.
[[nodiscard]] std::string without_typed_urls(std::string_view text);

/// Hides these, the queries, and `user:password@host` without a scheme, which the name of a lock
/// may look like too: for messages about the command line itself. Any thread.
[[nodiscard]] std::string without_typed_logins(std::string_view text);

}  // namespace redlock::cli
