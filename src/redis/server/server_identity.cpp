// Reads INFO's text; see server_identity.hpp. Values are cut to a sane length, since they end up in
// logs.
#include "redis/server/server_identity.hpp"

#include <algorithm>
#include <utility>

#include "base/number.hpp"
#include "redis/server/info_lines.hpp"

namespace redlock::redis {
namespace {

constexpr std::size_t max_value = 128;

bool forgets(std::string_view command) {
    return command == "cmdstat_flushall" || command == "cmdstat_flushdb" ||
           command == "cmdstat_swapdb";
}

/// Whether a version, "9.0.1" or "df-v1.37.0", is at least this one. One that cannot be read is
/// not.
bool at_least(std::string_view version, int major, int minor) {
    version.remove_prefix(std::min(version.find_first_of("0123456789"), version.size()));
    const std::size_t dot = version.find('.');
    if (dot == std::string_view::npos) {
        return false;
    }
    const std::string_view rest = version.substr(dot + 1);
    const auto its_major = base::number_in<int>(version.substr(0, dot));
    const auto its_minor =
        base::number_in<int>(rest.substr(0, rest.find_first_not_of("0123456789")));
    return its_major && its_minor && std::pair{*its_major, *its_minor} >= std::pair{major, minor};
}

/// Others than Redis tell a version of Redis too, which says what they are like, not what they
/// have.
struct versions_of_others {
    std::string_view valkey;
    std::string_view dragonfly;

    [[nodiscard]] conditional_delete deletes(std::string_view redis) const {
        if (!valkey.empty()) {
            return at_least(valkey, 9, 0) ? conditional_delete::delifeq : conditional_delete::none;
        }
        const bool has = dragonfly.empty() ? at_least(redis, 8, 4) : at_least(dragonfly, 1, 37);
        return has ? conditional_delete::delex : conditional_delete::none;
    }
};

void take(std::string_view name, std::string_view value, server_identity& found) {
    if (name == "run_id") {
        found.run_id = value;
    } else if (name == "redis_version") {
        found.redis_version = value;
    } else if (name == "role") {
        found.role = value;
    } else if (name == "master_replid") {
        found.replication_id = value;
    } else if (name == "uptime_in_seconds") {
        const auto seconds = base::number_in<std::int32_t>(value);  // 68 years
        found.uptime =
            seconds && *seconds >= 0 ? std::optional{std::chrono::seconds{*seconds}} : std::nullopt;
    } else if (name == "second_repl_offset") {
        found.promoted = value != "-1";
    }
}

}  // namespace

std::string server_identity::incarnation() const {
    return run_id.empty() || replication_id.empty() ? std::string{} : run_id + ':' + replication_id;
}

std::chrono::seconds server_identity::remembers_for() const {
    constexpr std::chrono::seconds rounding{1};
    if (promoted || flushed || role != "master" || !uptime || *uptime < rounding) {
        return std::chrono::seconds{0};
    }
    // The difference of two clock readings in whole seconds: it may be one too many.
    return *uptime - rounding;
}

server_identity parse_server_info(std::string_view info) {
    server_identity found;
    versions_of_others told;
    bool counts_commands = false;
    bool forgot = false;
    while (!info.empty()) {
        const std::string_view line = take_line(info);
        counts_commands = counts_commands || line == "# Commandstats";
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        const std::string_view name = line.substr(0, colon);
        if (name == "valkey_version") {
            told.valkey = line.substr(colon + 1);
        } else if (name == "dragonfly_version") {
            told.dragonfly = line.substr(colon + 1);
        }
        forgot = forgot || forgets(name);
        take(name, line.substr(colon + 1, max_value), found);
    }
    found.deletes = told.deletes(found.redis_version);
    found.flushed = forgot || !counts_commands;
    return found;
}

}  // namespace redlock::redis
