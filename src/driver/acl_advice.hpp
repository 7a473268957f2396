// From a refusal by a node's ACL to the rule that is missing, in words for people. Knows which
// command stands in which line of our scripts, since older servers tell only that. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/key_names.hpp"
#include "scripts/scripts.hpp"

namespace redlock::driver {

/// What was sent, as far as it is one command or concerns one key: servers do not always tell which
/// of several they refused.
struct acl_context {
    std::string_view command{};  ///< For example "client|id".
    std::string_view key{};
    std::string_view resource{};      ///< Whose keys a script was given.
    const key_names* keys = nullptr;  ///< Of the manager; null: as without a prefix.
    /// The script, if it is one: of Valkey's errors only those before 9 tell its digest.
    const scripts::script* script = nullptr;
};

/// What to allow the user, with the rule to add; empty if the error speaks of something else.
[[nodiscard]] std::string acl_advice(std::string_view error_text, const acl_context& sent = {});

/// Which command the server does not know, and why that may be; empty if the error speaks of
/// something else.
[[nodiscard]] std::string missing_command_advice(std::string_view error_text,
                                                 const acl_context& sent = {});

/// Of a key, one of this resource's, that has another type than scripts expect: what to do.
/// `resource`: may be empty.
[[nodiscard]] std::string advice_for_wrong_type(std::string_view key, std::string_view resource);

/// The same of the key that a script of ours complains of; empty if the error speaks of something
/// else.
[[nodiscard]] std::string wrong_type_advice(std::string_view error_text,
                                            const acl_context& sent = {});

/// The server's words as `base::shown_text`, followed by the advice.
[[nodiscard]] std::string shown_with_advice(std::string_view error_text,
                                            const acl_context& sent = {});

/// The rule that allows a key: "~redlock:*" for one of ours, else the key itself.
[[nodiscard]] std::string rule_for_key(std::string_view key, const key_names& keys);

/// The command in this line of our script with this SHA1, in small letters; empty if there is none.
[[nodiscard]] std::string command_in_script(std::string_view sha1, std::size_t line);

/// All commands that a script of ours calls, in small letters, in the order of the text.
[[nodiscard]] std::vector<std::string> commands_called_by(const scripts::script& script);

}  // namespace redlock::driver
