// What an ACL of the server forbade, read from its error reply: servers of each version have their
// own words for it. Knows no command of ours and no key. Pure; any thread.
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

/// The rule that allows a command, for example "+set".
[[nodiscard]] std::string rule_for_command(std::string_view command);

/// For people: what to add so that the user may run this command.
[[nodiscard]] std::string advice_for_command(std::string_view command);

}  // namespace redlock::redis
