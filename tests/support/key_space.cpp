#include "support/key_space.hpp"

namespace redlock::support {

std::string key_space(const redis_server& server) {
    return server.command({"EVAL", R"(
local all = {}
for database = 0, tonumber(ARGV[1]) - 1 do
    redis.call('SELECT', database)
    local keys = redis.call('KEYS', '*')
    table.sort(keys)
    for _, key in ipairs(keys) do
        local ends = redis.call('PTTL', key) >= 0 and 'ends' or 'stays'
        all[#all + 1] = table.concat({database, key, ends,
            redis.sha1hex(redis.call('DUMP', key))}, ' ')
    end
end
return table.concat(all, '\n'))",
                           "0", "16"});
}

}  // namespace redlock::support
