#include "driver/acl_advice.hpp"
#include "base/shown_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "redis/wire/acl_error.hpp"
#include "redlock/types.hpp"

namespace redlock::driver {

namespace {

using redis::acl_subject;

/// How what has no name in an `acl_context` is sent.
constexpr std::string_view a_script = "EVALSHA or EVAL";

std::string_view body_of(std::string_view sha1) {
    const auto* const found = std::ranges::find(scripts::all, sha1, &scripts::script::sha1);
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

const key_names& keys_of(const acl_context& sent) {
    static const key_names without_prefix;
    return sent.keys != nullptr ? *sent.keys : without_prefix;
}

/// What else there is for a user who may have one prefix only.
std::string_view prefix_advice(const key_names& keys) {
    return keys.root() == resource_name::reserved
               ? ", or set key_prefix to what the user's patterns begin with"
               : "";
}

/// The digest of the script that an error speaks of.
std::string_view script_meant(std::string_view told, const acl_context& sent) {
    return told.empty() && sent.script != nullptr ? sent.script->sha1 : told;
}

std::string key_advice(std::string_view key, const key_names& keys) {
    if (!key.empty()) {
        return fmt::format("allow the user the key {} (ACL SETUSER ... {}){}",
                           base::shown_text(key), rule_for_key(key, keys),
                           key.starts_with(keys.root()) ? prefix_advice(keys) : "");
    }
    return fmt::format(
        "allow the user the resource's own name, or a pattern that matches it, and {0}* (ACL "
        "SETUSER ... ~NAME ~{0}*){1}; `redlock doctor --resource NAME` tells which of them is "
        "missing",
        keys.root(), prefix_advice(keys));
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

std::string rule_for_key(std::string_view key, const key_names& keys) {
    return key.starts_with(keys.root()) ? "~" + keys.root() + "*" : "~" + base::shown_text(key);
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
                name = command_in_script(script_meant(refused->script, sent), refused->line);
            }
            // Redis 6 tells "client" of "client|id".
            if (name.empty() || sent.command.starts_with(name + "|")) {
                name = sent.command;
            }
            return name.empty() ? "see the rule in docs/keys-and-acl.md"
                                : redis::advice_for_command(name);
        }
        case acl_subject::key:
            return key_advice(refused->name.empty() ? sent.key : std::string_view{refused->name},
                              keys_of(sent));
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
    std::string name = command_in_script(script_meant(unknown->script, sent), unknown->line);
    if (name.empty()) {
        name = sent.command.empty() ? std::string_view{unknown->name} : sent.command;
    }
    if (name.empty() && unknown->line == 0) {
        name = a_script;
    }
    const std::string advice = redis::advice_for_missing(name);
    return unknown->name == "evalsha" ? advice + ". Or is it a Sentinel? Then use redis+sentinel://"
                                      : advice;
}

std::string advice_for_wrong_type(std::string_view key, std::string_view resource) {
    if (key == resource) {
        return fmt::format(
            "the key {} there is no lock but something else, so that the node votes for nobody: "
            "give the lock another name, or delete the key there if it is not needed",
            base::shown_text(key));
    }
    return fmt::format(
        "the key {} there, which is reserved, has another type than redlock's own: delete it there "
        "while nobody holds the lock",
        base::shown_text(key));
}

std::string wrong_type_advice(std::string_view error_text, const acl_context& sent) {
    if (error_text.find("WRONGTYPE") == std::string_view::npos) {
        return {};
    }
    const std::string resource{sent.resource.empty() ? std::string_view{"NAME"} : sent.resource};
    const key_names& keys = keys_of(sent);
    const auto place = redis::read_script_place(error_text);
    const std::string_view line =
        place.line == 0 ? std::string_view{}
                        : line_of(body_of(script_meant(place.script, sent)), place.line);
    if (line.find("KEYS[1]") != std::string_view::npos) {
        return advice_for_wrong_type(resource, resource);
    }
    // In each script that has one it is the second.
    return advice_for_wrong_type(line.find("KEYS[2]") != std::string_view::npos
                                     ? keys.fence(resource)
                                     : keys.root() + "*:{" + resource + "}",
                                 resource);
}

std::string shown_with_advice(std::string_view error_text, const acl_context& sent) {
    std::string shown = base::shown_text(error_text);
    std::string advice = acl_advice(error_text, sent);
    if (advice.empty()) {
        advice = missing_command_advice(error_text, sent);
    }
    if (advice.empty()) {
        advice = wrong_type_advice(error_text, sent);
    }
    if (advice.empty() &&
        (redis::is_plain_refusal(error_text) || redis::is_acl_refusal(error_text))) {
        advice = redis::advice_for_plain_refusal(sent.command.empty() ? a_script : sent.command);
    }
    if (!advice.empty()) {
        shown += ": " + advice;
    }
    return shown;
}

}  // namespace redlock::driver
