// What INFO and CONFIG GET tell of a server that matters to locks. Parsing never fails: what is
// missing stays empty, and what cannot be read counts as missing. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis/wire/resp_reader.hpp"

namespace redlock::doctor {

struct server_facts {
    std::string software;       ///< "Redis", "Valkey" or what else it calls itself.
    std::string version;        ///< Of that software.
    std::string redis_version;  ///< The Redis whose commands it offers.
    std::string run_id;
    std::string mode;  ///< standalone, sentinel or cluster.
    std::string role;  ///< master, slave, or what else it says.
    std::optional<std::chrono::seconds> uptime{};
    std::optional<bool> loading{};
    std::optional<std::uint64_t> used_memory{};
    std::optional<std::uint64_t> max_memory{};
    std::string eviction_policy;
    std::optional<std::uint64_t> evicted_keys{};
    std::optional<bool> append_only{};
    bool writing_fails = false;
    std::optional<std::uint64_t> replicas{};
};

/// Reads the text that INFO answers: lines of `name:value`, comments with '#'.
[[nodiscard]] server_facts parse_server_facts(std::string_view info);

/// The value of a setting in what CONFIG GET answers; nothing if it is not there.
[[nodiscard]] std::optional<std::string> setting_in(const redis::reply_view& reply,
                                                    std::string_view name);

}  // namespace redlock::doctor
