// Refusals in the words of three generations; see acl_error.hpp:
//   6.0  NOPERM this user has no permissions to run the 'set' command or its subcommand
//        NOPERM this user has no permissions to access one of the keys used as arguments
//        ERR Error running script (call to f_SHA1): @user_script:7: @user_script: 7: The user
//        executing the script can't run this command or subcommand
//   7.0  NOPERM this user has no permissions to run the 'client|id' command
//        ERR The user executing the script can't access at least one of the keys mentioned in the
//        command arguments script: SHA1, on @user_script:7.
//   7.2  NOPERM User alice has no permissions to run the 'set' command
//        NOPERM No permissions to access a key
//        ERR ACL failure in script: User alice has no permissions to run the 'set' command script:
//        SHA1, on @user_script:7.
// and ACL DRYRUN: This user has no permissions to access the 'orders:42' key
// Commands that are not known:
//   6.0  ERR unknown command `FOO`, with args beginning with: `x`,
//        ERR Error running script (call to f_SHA1): @user_script:7: @user_script: 7: Unknown Redis
//        command called from Lua script
//   7.0  ERR unknown command 'FOO', with args beginning with: 'x'
//        ERR unknown subcommand 'FOO'. Try CLIENT HELP.
//        ERR Unknown Redis command called from script script: SHA1, on @user_script:7.
//        (Valkey leaves "Redis" out)
// and ACL DRYRUN: ERR Command 'FOO' not found
#include "redis/wire/acl_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace redlock::redis {
namespace {

constexpr std::size_t sha1_digits = 40;

bool says(std::string_view text, std::string_view words) noexcept {
    return text.find(words) != std::string_view::npos;
}

/// What stands between `before` and `after`, if anything does.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
    const std::size_t start = text.find(before);
    if (start == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(start + before.size());
    // The last one: a key may hold any bytes.
    const std::size_t stop = text.rfind(after);
    return stop == std::string_view::npos ? std::string_view{} : text.substr(0, stop);
}

std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char each) {
        return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    });
    return lower;
}

std::string sha1_in(std::string_view text) {
    for (const std::string_view before : {"script: ", "call to f_"}) {
        for (std::size_t at = text.find(before); at != std::string_view::npos;
             at = text.find(before, at + 1)) {
            const std::string_view digits = text.substr(at + before.size(), sha1_digits);
            if (digits.size() == sha1_digits &&
                digits.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
                return std::string{digits};
            }
        }
    }
    return {};
}

std::size_t line_in(std::string_view text) {
    constexpr std::string_view before = "@user_script:";
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) {
        return 0;
    }
    text.remove_prefix(at + before.size());
    std::size_t line = 0;
    std::from_chars(text.data(), text.data() + text.size(), line);
    return line;
}

std::optional<acl_subject> subject_of(std::string_view text) {
    if (says(text, "' command") || says(text, "can't run this command")) {
        return acl_subject::command;
    }
    if (says(text, "channel")) {
        return acl_subject::channel;
    }
    return says(text, "key") ? std::optional{acl_subject::key} : std::nullopt;
}

std::string_view name_in(std::string_view text, acl_subject subject) {
    switch (subject) {
        case acl_subject::command:
            return between(text, "to run the '", "' command");
        case acl_subject::key:
            return between(text, "to access the '", "' key");
        case acl_subject::channel:
            return between(text, "to access the '", "' channel");
    }
    return {};
}

}  // namespace

bool is_acl_refusal(std::string_view text) noexcept {
    return text.starts_with("NOPERM") || says(text, "The user executing the script can't") ||
           says(text, "ACL failure in script") || says(text, "has no permissions to");
}

std::optional<acl_error> read_acl_error(std::string_view text) {
    const auto subject = is_acl_refusal(text) ? subject_of(text) : std::nullopt;
    if (!subject) {
        return std::nullopt;
    }
    acl_error found;
    found.subject = *subject;
    const std::string_view name = name_in(text, *subject);
    found.name = *subject == acl_subject::command ? lower_case(name) : std::string{name};
    found.script = sha1_in(text);
    found.line = line_in(text);
    return found;
}

std::optional<missing_command> read_missing_command(std::string_view text) {
    const auto quoted = [](std::string_view rest) {
        const std::size_t stop = rest.find_first_of("'`");
        return stop == std::string_view::npos ? std::string{} : lower_case(rest.substr(0, stop));
    };
    for (const std::string_view before :
         {"ERR unknown command '", "ERR unknown command `", "ERR unknown subcommand '",
          "ERR Unknown subcommand '", "ERR unsupported command '", "unsupported command '",
          "ERR Command '"}) {
        if (text.starts_with(before) && (before != "ERR Command '" || says(text, "' not found"))) {
            return missing_command{quoted(text.substr(before.size())), {}, 0};
        }
    }
    if (says(text, "command called from")) {
        return missing_command{{}, sha1_in(text), line_in(text)};
    }
    // Other implementations of the protocol have shorter words.
    if (text.starts_with("ERR unknown") || text.starts_with("ERR Unknown") ||
        text.starts_with("unsupported command") || text.starts_with("ERR unsupported command")) {
        return missing_command{};
    }
    return std::nullopt;
}

script_place read_script_place(std::string_view text) {
    return {sha1_in(text), line_in(text)};
}

bool is_plain_refusal(std::string_view text) noexcept {
    const std::string_view code = text.substr(0, text.find(' '));
    const bool has_code =
        !code.empty() && code != "ERR" &&
        std::all_of(code.begin(), code.end(), [](char each) { return each >= 'A' && each <= 'Z'; });
    return !has_code && !is_acl_refusal(text) && !says(text, "script");
}

std::string advice_for_plain_refusal(std::string_view command) {
    return fmt::format("does a proxy on the way refuse {}?", command);
}

std::string advice_for_missing(std::string_view command) {
    return fmt::format(
        "{} seems to be renamed or disabled there (rename-command), or a proxy does "
        "not pass it; no ACL rule helps",
        command.empty() ? std::string_view{"a command"} : command);
}

std::string advice_for_refusal(std::string_view text, std::string_view command) {
    return is_acl_refusal(text)         ? advice_for_command(command)
           : read_missing_command(text) ? advice_for_missing(command)
           : is_plain_refusal(text)     ? advice_for_plain_refusal(command)
                                        : std::string{};
}

std::string rule_for_command(std::string_view command) {
    return fmt::format("+{}", lower_case(command));
}

std::string advice_for_command(std::string_view command) {
    return fmt::format("allow the user {0} (ACL SETUSER ... +{0})", lower_case(command));
}

}  // namespace redlock::redis
