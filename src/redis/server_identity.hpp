// Which server answers at the other end: what INFO says of it, as far as we need it. Parsing never
// fails; what is missing stays empty. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace redlock::redis {

/// All empty when the user may not ask: then two endpoints cannot be told apart.
struct server_identity {
    std::string run_id;  ///< Drawn at random by each server process at its start.
    std::string redis_version;
    std::string role;  ///< Only if the server told it unasked; "INFO server" usually does not.

    friend bool operator==(const server_identity&, const server_identity&) = default;
};

/// Reads the text that INFO answers: lines of `name:value`, comments with '#'.
[[nodiscard]] server_identity parse_server_info(std::string_view info);

}  // namespace redlock::redis
