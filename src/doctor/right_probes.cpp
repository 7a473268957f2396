// One probe a right; those of the scripts follow from what the scripts call. The order of a
// server's checks, the same in all versions: is there such a command, has it enough arguments, may
// this user run it, may he use its keys; only then what the arguments mean.
#include "doctor/right_probes.hpp"
#include "base/shown_text.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "driver/acl_advice.hpp"
#include "driver/acquire_attempt.hpp"
#include "redis/wire/acl_error.hpp"
#include "scripts/scripts.hpp"

namespace redlock::doctor {

namespace {

constexpr std::string_view for_locks = "taking and renewing locks";
constexpr std::string_view for_line = "waiting in line";
constexpr std::string_view for_several = "locks of several resources";
constexpr std::string_view for_permits = "semaphores and quick batches";
constexpr std::string_view for_readers = "shared locks";
constexpr std::string_view for_settings = "comparing settings and the restart guard";
constexpr std::string_view for_news = "being told of released locks instead of asking";
constexpr std::string_view channel = "__redis__:invalidate";
// A script that no server has, and options that no command takes together.
constexpr const char* no_script = "0000000000000000000000000000000000000000";

class probe_list {
  public:
    void add(right_probe probe) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const right_probe& each) {
            return each.words == probe.words && each.use == probe.use;
        });
        if (!known) {
            all.push_back(std::move(probe));
        }
    }

    std::vector<right_probe> all;
};

/// A form of the command that changes nothing; empty for one that is not known here.
std::vector<std::string> harmless(const std::string& command, const std::string& key) {
    static const std::map<std::string_view, std::vector<std::string>> behind_the_key{
        {"get", {}},
        {"mget", {}},
        {"del", {}},
        {"pttl", {}},
        {"hgetall", {}},
        {"hdel", {"field"}},
        {"hmget", {"field"}},
        {"hexists", {"field"}},
        {"pexpire", {"soon"}},
        {"pexpireat", {"soon"}},
        {"zadd", {"soon", "member"}},
        {"zscore", {"member"}},
        {"zrem", {"member"}},
        {"zcount", {"0", "1"}},
        {"zrevrangebyscore", {"1", "0"}},
        {"zremrangebyscore", {"0", "1"}},
        {"hset", {"field", "value", "field"}},
        {"set", {"1", "NX", "XX", "PX", "soon"}}};
    if (command == "time") {
        return {command};
    }
    const auto found = behind_the_key.find(command);
    if (found == behind_the_key.end()) {
        return {};
    }
    std::vector<std::string> words{command, key};
    words.insert(words.end(), found->second.begin(), found->second.end());
    return words;
}

/// What the harmless form is refused with. Servers agree in these words, if not in all around them.
std::string_view refusal_of_harmless(std::string_view command) {
    return command == "set"         ? "syntax error"
           : command == "pexpire"   ? "not an integer"
           : command == "pexpireat" ? "not an integer"
           : command == "zadd"      ? "not a valid float"
           : command == "hset"      ? "wrong number of arguments"
                                    : "";
}

/// A server that is full, or a replica, or busy says so with a code word of its own. Who wants a
/// password, or turns us away, for one command of many is none.
bool tells_of_no_state(std::string_view answer) {
    const std::string_view code = answer.substr(0, answer.find(' '));
    const bool has_code = !code.empty() && std::all_of(code.begin(), code.end(), [](char each) {
        return each >= 'A' && each <= 'Z';
    });
    return !has_code || code == "ERR" || code == "DENIED" || code == "NOAUTH";
}

right_probe of_script(const std::string& command, const std::string& key,
                      std::string_view needed_for, bool essential = true) {
    return {harmless(command, key),      command, needed_for, essential, probe_use::in_script,
            refusal_of_harmless(command)};
}

/// A key of each type.
struct probed_keys {
    std::string text;
    std::string hash;
    std::string sorted_set;
};

void add_script(probe_list& probes, const scripts::script& script, const probed_keys& keys,
                std::string_view needed_for, bool essential = true) {
    for (const std::string& command : driver::commands_called_by(script)) {
        const std::string& key = command.starts_with('h')   ? keys.hash
                                 : command.starts_with('z') ? keys.sorted_set
                                                            : keys.text;
        right_probe probe = of_script(command, key, needed_for, essential);
        // There is none without: a test sees to that.
        if (!probe.words.empty()) {
            probes.add(std::move(probe));
        }
    }
}

void add_scripts(probe_list& probes, const probe_terms& terms) {
    const probed_keys beside{terms.keys.fence(terms.unused), terms.keys.line(terms.unused),
                             terms.keys.readers(terms.unused)};
    const probed_keys of_node{terms.keys.epoch(), terms.keys.epoch(), terms.keys.epoch()};
    for (const scripts::script* each : {&scripts::acquire, &scripts::extend, &scripts::release}) {
        add_script(probes, *each, beside, for_locks);
    }
    add_script(probes, scripts::acquire_in_line, beside, for_line);
    for (const scripts::script* each :
         {&scripts::acquire_all, &scripts::extend_all, &scripts::release_all}) {
        add_script(probes, *each, beside, for_several, false);
    }
    // What they call in addition, other locks can do without.
    for (const scripts::script* each : {&scripts::batch, &scripts::acquire_slot,
                                        &scripts::acquire_slot_in_line, &scripts::keep_permits}) {
        add_script(probes, *each, beside, for_permits, false);
    }
    for (const scripts::script* each :
         {&scripts::acquire_shared, &scripts::acquire_shared_in_line, &scripts::batch_shared,
          &scripts::extend_shared, &scripts::release_shared}) {
        add_script(probes, *each, beside, for_readers, false);
    }
    add_script(probes, scripts::status, beside, for_readers, false);
    add_script(probes, scripts::hello, of_node, for_settings);
    add_script(probes, scripts::vouch, of_node, "`redlock vouch`", false);
}

void add_messages(probe_list& probes, const probe_terms& terms) {
    if (terms.cluster) {
        probes.add({{"CLUSTER", "SLOTS"}, "cluster|slots", for_locks});
        probes.add({{"ASKING"}, "asking", "following keys that move", false, probe_use::only_dry});
        return;
    }
    probes.add({{"CLIENT", "ID"}, "client|id", for_news, false});
    probes.add({{"CLIENT", "TRACKING", "MAYBE"},
                "client|tracking",
                for_news,
                false,
                probe_use::sent,
                "syntax error"});
    probes.add(
        {{"SUBSCRIBE", std::string{channel}}, "subscribe", for_news, false, probe_use::only_dry});
}

}  // namespace

std::vector<right_probe> right_probes(const probe_terms& terms) {
    const std::string fence = terms.keys.fence(terms.unused);
    probe_list probes;
    probes.add({{"EVALSHA", no_script, "1", fence},
                "evalsha",
                for_locks,
                true,
                probe_use::sent,
                "NOSCRIPT"});
    probes.add({{"EVAL", "return 1", "1", fence}, "eval", for_locks});
    add_scripts(probes, terms);
    probes.add(of_script("set", terms.keys.holder(terms.unused), for_locks));
    if (!terms.resource.empty()) {
        probes.add(of_script("get", terms.resource, for_locks));
        probes.add(of_script("set", terms.resource, for_locks));
    }
    probes.add({{"HDEL", terms.keys.line(terms.unused), "field"},
                "hdel",
                "leaving the line at once",
                false});
    probes.add({{"INFO", "server"},
                "info",
                "telling whether it was restarted or is listed twice",
                terms.guarded});
    if (terms.by_sentinel) {
        probes.add({{"ROLE"}, "role", "telling a master from a replica", false});
    }
    add_messages(probes, terms);
    probes.add({{"SCAN", "x"}, "scan", "`redlock list`", false, probe_use::sent, "invalid cursor"});
    return probes.all;
}

std::vector<std::string> harmless_write(const driver::key_names& keys, const std::string& unused) {
    return inside_script(of_script("set", keys.fence(unused), for_locks));
}

std::vector<std::string> inside_script(const right_probe& probe) {
    const bool has_key = probe.words.size() > 1;
    std::vector<std::string> words{"EVAL", "return redis.pcall(unpack(ARGV))", has_key ? "1" : "0"};
    if (has_key) {
        words.push_back(probe.words[1]);
    }
    words.insert(words.end(), probe.words.begin(), probe.words.end());
    return words;
}

std::optional<missing_right> missing_by(const right_probe& probe, std::string_view answer,
                                        const driver::key_names& keys) {
    const auto found = [&](std::string what, std::string rule, withheld_by by = withheld_by::acl) {
        return missing_right{std::move(what), std::move(rule), std::string{probe.needed_for},
                             probe.essential, by};
    };
    if (answer == closed_upon) {
        return found(std::string{probe.command}, {}, withheld_by::hang_up);
    }
    if (redis::read_missing_command(answer)) {
        return found(std::string{probe.command}, {}, withheld_by::server);
    }
    const auto refused = redis::read_acl_error(answer);
    if (!refused) {
        return redis::is_acl_refusal(answer)
                   ? std::optional{found(probe.command, redis::rule_for_command(probe.command))}
                   : std::nullopt;
    }
    switch (refused->subject) {
        case redis::acl_subject::command:
            return found(std::string{probe.command}, redis::rule_for_command(probe.command));
        case redis::acl_subject::key: {
            // Of our own keys one rule allows all.
            const bool evaluates = probe.command == "eval" || probe.command == "evalsha";
            const std::string rule = rule_for_key(probe.words[evaluates ? 3 : 1], keys);
            return found(rule.substr(1), rule);
        }
        case redis::acl_subject::channel:
            return found(std::string{channel}, std::string{"&"}.append(channel));
    }
    return std::nullopt;
}

std::optional<missing_right> missing_by_error(const right_probe& probe, std::string_view answer,
                                              const driver::key_names& keys) {
    if (auto missing = missing_by(probe, answer, keys)) {
        return missing;
    }
    const bool expected =
        !probe.refused_with.empty() && answer.find(probe.refused_with) != std::string_view::npos;
    if (expected || !tells_of_no_state(answer)) {
        return std::nullopt;
    }
    missing_right missing{
        probe.command, {}, std::string{probe.needed_for}, probe.essential, withheld_by::refusal};
    missing.answer = base::shown_text(answer);
    return missing;
}

}  // namespace redlock::doctor
