// Which server answers at the other end, and since when it can have forgotten nothing: what INFO
// says of it, as far as we need it. Parsing never fails; what is missing stays empty. Pure; any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <redlock/error.hpp>
#include <string>
#include <string_view>

namespace redlock::redis {

/// The command that deletes a key if it has a certain value, where a server has one.
enum class conditional_delete : std::uint8_t {
    none,
    delifeq,  ///< DELIFEQ key value: Valkey 9.
    delex,    ///< DELEX key IFEQ value: Redis 8.4, Dragonfly 1.37.
};

/// All empty when the user may not ask: then two endpoints cannot be told apart.
struct server_identity {
    std::string run_id;  ///< Drawn at random by each server process at its start.
    std::string redis_version;
    conditional_delete deletes = conditional_delete::none;
    // What follows is in "INFO all", but not in "INFO server".
    std::string role;
    std::string replication_id;
    std::optional<std::chrono::seconds> uptime{};
    /// It was a replica before, as far as it remembers; unknown counts as yes.
    bool promoted = true;
    /// Why INFO told nothing, if it was refused, and what to do about it, for people.
    error_code refused{};
    std::string refused_advice;
    /// FLUSHALL, FLUSHDB or SWAPDB was called since its start; unknown counts as yes.
    bool flushed = true;

    /// Changes whenever what the server remembers may have changed behind our back; empty if it is
    /// not known.
    [[nodiscard]] std::string incarnation() const;
    /// For how long it surely has forgotten nothing; zero if that is not known.
    [[nodiscard]] std::chrono::seconds remembers_for() const;

    friend bool operator==(const server_identity&, const server_identity&) = default;
};

/// Reads the text that INFO answers: lines of `name:value`, comments with '#'.
[[nodiscard]] server_identity parse_server_info(std::string_view info);

}  // namespace redlock::redis
