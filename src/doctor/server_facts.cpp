// Reads INFO's and CONFIG's answers; see server_facts.hpp. Values are cut to a sane length, since
// they are shown to people.
#include "doctor/server_facts.hpp"

#include <algorithm>

#include "base/number.hpp"
#include "redis/server/info_lines.hpp"

namespace redlock::doctor {
namespace {

constexpr std::size_t longest_value = 128;

/// Who else answers like a Redis and tells its own version, by the name that it has in INFO.
struct kind_of_server {
    std::string_view field;
    std::string_view software;
};
constexpr kind_of_server others[] = {{"valkey_version", "Valkey"},
                                     {"dragonfly_version", "Dragonfly"},
                                     {"keydb_version", "KeyDB"},
                                     {"garnet_version", "Garnet"},
                                     {"kvrocks_version", "Kvrocks"}};

void take_identity(std::string_view name, std::string_view value, server_facts& found) {
    if (name == "redis_version") {
        found.redis_version = value;
    } else if (name == "run_id") {
        found.run_id = value;
    } else if (name == "role") {
        found.role = value;
    } else if (name == "redis_mode") {
        found.mode = value;
    }
    for (const kind_of_server& other : others) {
        if (name == other.field) {
            found.software = other.software;
            found.version = value;
        }
    }
}

void take_numbers(std::string_view name, std::string_view value, server_facts& found) {
    const auto number = base::number_in<std::uint64_t>(value);
    if (name == "uptime_in_seconds" && number) {
        constexpr std::uint64_t century = std::uint64_t{100} * 366 * 24 * 3600;
        found.uptime = std::chrono::seconds{static_cast<std::int64_t>(std::min(*number, century))};
    } else if (name == "used_memory") {
        found.used_memory = number;
    } else if (name == "maxmemory") {
        found.max_memory = number;
    } else if (name == "evicted_keys") {
        found.evicted_keys = number;
    } else if (name == "connected_slaves" || name == "connected_replicas") {
        found.replicas = number;
    } else if (name == "loading" && number) {
        found.loading = *number != 0;
    } else if (name == "aof_enabled" && number) {
        found.append_only = *number != 0;
    }
}

void take(std::string_view name, std::string_view value, server_facts& found) {
    take_identity(name, value, found);
    take_numbers(name, value, found);
    if (name == "maxmemory_policy") {
        found.eviction_policy = value;
    } else if (name == "rdb_last_bgsave_status" || name == "aof_last_write_status") {
        found.writing_fails = found.writing_fails || value != "ok";
    }
}

}  // namespace

server_facts parse_server_facts(std::string_view info) {
    server_facts found;
    while (!info.empty()) {
        const std::string_view line = redis::take_line(info);
        const std::size_t colon = line.find(':');
        if (!line.starts_with('#') && colon != std::string_view::npos) {
            take(line.substr(0, colon), line.substr(colon + 1, longest_value), found);
        }
    }
    if (found.software.empty() && !found.redis_version.empty()) {
        found.software = "Redis";
        found.version = found.redis_version;
    }
    return found;
}

std::optional<std::string> setting_in(const redis::reply_view& reply, std::string_view name) {
    for (auto each = reply.begin(); each != reply.end(); ++each) {
        const redis::reply_view key = *each;
        if (++each == reply.end()) {
            break;
        }
        const redis::reply_view value = *each;
        if (key.text() == name && value.is_text()) {
            return std::string{value.text().substr(0, longest_value)};
        }
    }
    return std::nullopt;
}

}  // namespace redlock::doctor
