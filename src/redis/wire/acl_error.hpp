// What an ACL of the server forbade, or which command the server does not know, read from its error
// reply: servers of each version have their own words for it. Knows no command of ours and no key.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redlock::redis {

enum class acl_subject : std::uint8_t { command, key, channel };

struct acl_error {
    acl_subject subject = acl_subject::command;
    /// In small letters, a subcommand as in "client|id"; or the key or channel. Empty where the
    /// server does not tell.
    std::string name;
    /// Of a refusal inside a script: its SHA1 and the line of its body. Else empty and 0.
    std::string script;
    std::size_t line = 0;

    friend bool operator==(const acl_error&, const acl_error&) = default;
};

/// Whether the text speaks of a missing right.
[[nodiscard]] bool is_acl_refusal(std::string_view text) noexcept;

/// Nothing if the text speaks of something else. Understands error replies of Redis 6.0 to 8 and of
/// Valkey, and what ACL DRYRUN answers.
[[nodiscard]] std::optional<acl_error> read_acl_error(std::string_view text);

/// A command that the server does not know, at all or under this name.
struct missing_command {
    /// In small letters; empty where the server does not name it, as inside a script.
    std::string name;
    /// Inside a script: its SHA1 and the line of its body. Else empty and 0.
    std::string script;
    std::size_t line = 0;

    friend bool operator==(const missing_command&, const missing_command&) = default;
};

/// Nothing if the text speaks of something else. Understands error replies of Redis 6.0 to 8 and of
/// Valkey, and what ACL DRYRUN answers.
[[nodiscard]] std::optional<missing_command> read_missing_command(std::string_view text);

/// Where in a script of ours an error has come up.
struct script_place {
    std::string script;    ///< Its SHA1; empty if the error is from no script.
    std::size_t line = 0;  ///< Of its body; 0 if the server does not tell.
};

[[nodiscard]] script_place read_script_place(std::string_view text);

/// Whether a command was refused in words that say nothing of the server's state: neither a code
/// word of the server's nor anything from inside a script. Proxies have many.
[[nodiscard]] bool is_plain_refusal(std::string_view text) noexcept;

/// For people: who may refuse a command in such words.
[[nodiscard]] std::string advice_for_plain_refusal(std::string_view command);

/// For people: why a command is not known, and what helps. `command`: may be empty.
[[nodiscard]] std::string advice_for_missing(std::string_view command);

/// For people: what to do so that the server takes this command, after this error; empty if the
/// error is none of the three kinds.
[[nodiscard]] std::string advice_for_refusal(std::string_view text, std::string_view command);

/// The rule that allows a command, for example "+set".
[[nodiscard]] std::string rule_for_command(std::string_view command);

/// For people: what to add so that the user may run this command.
[[nodiscard]] std::string advice_for_command(std::string_view command);

}  // namespace redlock::redis
