// Reads INFO's text; see server_identity.hpp. Values are cut to a sane length, since they end up in
// logs.
#include "redis/server_identity.hpp"

namespace redlock::redis {
namespace {

constexpr std::size_t max_value = 128;

}  // namespace

server_identity parse_server_info(std::string_view info) {
    server_identity found;
    while (!info.empty()) {
        const std::size_t stop = info.find('\n');
        std::string_view line = info.substr(0, stop);
        info.remove_prefix(stop == std::string_view::npos ? info.size() : stop + 1);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = line.substr(colon + 1, max_value);
        if (name == "run_id") {
            found.run_id = value;
        } else if (name == "redis_version") {
            found.redis_version = value;
        } else if (name == "role") {
            found.role = value;
        }
    }
    return found;
}

}  // namespace redlock::redis
