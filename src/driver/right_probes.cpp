// One probe a right. The order of a server's checks, the same in all versions: is there such a
// command, has it enough arguments, may this user run it, may he use its keys; only then what the
// arguments mean.
#include "driver/right_probes.hpp"

#include <initializer_list>

#include "driver/acl_advice.hpp"
#include "driver/acquire_attempt.hpp"
#include "driver/greeting.hpp"
#include "redis/acl_error.hpp"

namespace redlock::driver {

namespace {

constexpr std::string_view for_locks = "taking and renewing locks";
constexpr std::string_view for_line = "waiting in line";
constexpr std::string_view for_guard = "the restart guard";
constexpr std::string_view for_news = "being told of released locks instead of asking";
// A script that no server has, and options that no command takes together.
constexpr const char* no_script = "0000000000000000000000000000000000000000";

class probe_list {
  public:
    void add(std::initializer_list<std::string> words, std::string_view command,
             std::string_view needed_for, bool essential = true) {
        all.push_back({words, command, needed_for, essential});
    }
    void add_dry(std::initializer_list<std::string> words, std::string_view command,
                 std::string_view needed_for) {
        all.push_back({words, command, needed_for, false, true});
    }

    std::vector<right_probe> all;
};

}  // namespace

std::vector<right_probe> right_probes(const probe_terms& terms) {
    const std::string fence = fence_key(terms.unused);
    const std::string line = line_key(terms.unused);
    const std::string epoch{epoch_key};
    probe_list probes;
    probes.add({"EVALSHA", no_script, "1", fence}, "evalsha", for_locks);
    probes.add({"EVAL", "return 1", "1", fence}, "eval", for_locks);
    probes.add({"TIME"}, "time", for_locks);
    probes.add({"SET", fence, "1", "NX", "XX", "PX", "soon"}, "set", for_locks);
    probes.add({"GET", fence}, "get", for_locks);
    probes.add({"DEL", fence}, "del", for_locks);
    probes.add({"PTTL", fence}, "pttl", for_locks);
    probes.add({"PEXPIRE", fence, "soon"}, "pexpire", for_locks);
    probes.add({"SET", holder_key(terms.unused), "1", "NX", "XX", "PX", "soon"}, "set", for_locks);
    probes.add({"HGETALL", line}, "hgetall", for_line);
    probes.add({"HSET", line, "field", "value", "field"}, "hset", for_line);
    probes.add({"HDEL", line, "field"}, "hdel", for_line);
    if (terms.guarded) {
        probes.add({"HMGET", epoch, "identity"}, "hmget", for_guard);
        probes.add({"HSET", epoch, "field", "value", "field"}, "hset", for_guard);
        probes.add({"HEXISTS", epoch, "identity"}, "hexists", "`redlock vouch`", false);
    }
    if (!terms.resource.empty()) {
        probes.add({"GET", terms.resource}, "get", for_locks);
        probes.add({"SET", terms.resource, "1", "NX", "XX", "PX", "soon"}, "set", for_locks);
    }
    if (terms.by_sentinel) {
        probes.add({"ROLE"}, "role", "telling a master from a replica", false);
    }
    if (terms.cluster) {
        probes.add({"CLUSTER", "SLOTS"}, "cluster|slots", for_locks);
        probes.add_dry({"ASKING"}, "asking", "following keys that move");
    } else {
        probes.add({"CLIENT", "ID"}, "client|id", for_news, false);
        probes.add({"CLIENT", "TRACKING", "MAYBE"}, "client|tracking", for_news, false);
        probes.add_dry({"SUBSCRIBE", "__redis__:invalidate"}, "subscribe", for_news);
    }
    probes.add({"SCAN", "x"}, "scan", "`redlock list`", false);
    return probes.all;
}

std::optional<missing_right> missing_by(const right_probe& probe, std::string_view answer) {
    const auto found = [&](std::string what, std::string rule) {
        return missing_right{std::move(what), std::move(rule), std::string{probe.needed_for},
                             probe.essential};
    };
    if (redis::read_missing_command(answer)) {
        return found(std::string{probe.command}, {});
    }
    const auto refused = redis::read_acl_error(answer);
    if (!refused) {
        return std::nullopt;
    }
    switch (refused->subject) {
        case redis::acl_subject::command:
            return found(std::string{probe.command}, redis::rule_for_command(probe.command));
        case redis::acl_subject::key: {
            // Of our own keys one rule allows all.
            const bool evaluates = probe.command == "eval" || probe.command == "evalsha";
            const std::string rule = rule_for_key(probe.words[evaluates ? 3 : 1]);
            return found(rule.substr(1), rule);
        }
        case redis::acl_subject::channel:
            return found("__redis__:invalidate", "&__redis__:invalidate");
    }
    return std::nullopt;
}

}  // namespace redlock::driver
