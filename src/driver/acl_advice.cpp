#include "driver/acl_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "redis/acl_error.hpp"
#include "redis/server_error.hpp"
#include "scripts/scripts.hpp"

namespace redlock::driver {

namespace {

using redis::acl_subject;

std::string_view body_of(std::string_view sha1) {
    const auto* const found =
        std::find_if(scripts::all.begin(), scripts::all.end(),
                     [=](const scripts::script* each) { return each->sha1 == sha1; });
    return found == scripts::all.end() ? std::string_view{} : (*found)->body;
}

/// The command that is called first in this text, and what follows; empty if none is.
std::pair<std::string, std::string_view> first_call(std::string_view text) {
    for (std::size_t at = text.find("redis."); at != std::string_view::npos;
         at = text.find("redis.", at + 1)) {
        const std::string_view here = text.substr(at);
        for (const std::string_view before : {"redis.call('", "redis.pcall('"}) {
            if (here.starts_with(before)) {
                const std::string_view name = here.substr(before.size());
                return {redis::rule_for_command(name.substr(0, name.find('\''))).substr(1), name};
            }
        }
    }
    return {};
}

/// Counted from 1.
std::string_view line_of(std::string_view body, std::size_t line) {
    for (; line > 1; --line) {
        const std::size_t stop = body.find('\n');
        if (stop == std::string_view::npos) {
            return {};
        }
        body.remove_prefix(stop + 1);
    }
    return body.substr(0, body.find('\n'));
}

std::string key_advice(std::string_view key) {
    if (!key.empty()) {
        return fmt::format("allow the user the key {} (ACL SETUSER ... {})", redis::shown_text(key),
                           rule_for_key(key));
    }
    return "allow the user the resource's own name, or a pattern that matches it, and redlock:* "
           "(ACL SETUSER ... ~NAME ~redlock:*); `redlock doctor --resource NAME` tells which of "
           "them is missing";
}

}  // namespace

std::string command_in_script(std::string_view sha1, std::size_t line) {
    return line == 0 ? std::string{} : first_call(line_of(body_of(sha1), line)).first;
}

std::vector<std::string> commands_called_by(const scripts::script& script) {
    std::vector<std::string> commands;
    for (auto [name, rest] = first_call(script.body); !name.empty();
         std::tie(name, rest) = first_call(rest)) {
        if (std::find(commands.begin(), commands.end(), name) == commands.end()) {
            commands.push_back(name);
        }
    }
    return commands;
}

std::string rule_for_key(std::string_view key) {
    return key.starts_with("redlock:") ? "~redlock:*" : "~" + redis::shown_text(key);
}

std::string acl_advice(std::string_view error_text, const acl_context& sent) {
    const auto refused = redis::read_acl_error(error_text);
    if (!refused) {
        return {};
    }
    switch (refused->subject) {
        case acl_subject::command: {
            std::string name = refused->name;
            if (name.empty()) {
                name = command_in_script(refused->script, refused->line);
            }
            // Redis 6 tells "client" of "client|id".
            if (name.empty() || sent.command.starts_with(name + "|")) {
                name = sent.command;
            }
            return name.empty() ? "see the rule in docs/keys-and-acl.md"
                                : redis::advice_for_command(name);
        }
        case acl_subject::key:
            return key_advice(refused->name.empty() ? sent.key : std::string_view{refused->name});
        case acl_subject::channel:
            return "allow the user the channel (ACL SETUSER ... &__redis__:invalidate)";
    }
    return {};
}

std::string missing_command_advice(std::string_view error_text, const acl_context& sent) {
    const auto unknown = redis::read_missing_command(error_text);
    if (!unknown) {
        return {};
    }
    const std::string in_script = command_in_script(unknown->script, unknown->line);
    const std::string advice =
        redis::advice_for_missing(!in_script.empty()      ? std::string_view{in_script}
                                  : !sent.command.empty() ? sent.command
                                                          : std::string_view{unknown->name});
    return unknown->name == "evalsha" ? advice + ". Or is it a Sentinel? Then use redis+sentinel://"
                                      : advice;
}

std::string shown_with_advice(std::string_view error_text, const acl_context& sent) {
    std::string shown = redis::shown_text(error_text);
    std::string advice = acl_advice(error_text, sent);
    if (advice.empty()) {
        advice = missing_command_advice(error_text, sent);
    }
    if (!advice.empty()) {
        shown += ": " + advice;
    }
    return shown;
}

}  // namespace redlock::driver
