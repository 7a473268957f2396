-- The common case of ACQUIRE SHARED comes before the functions that the others need, since to make these
-- costs more than what is done here: nobody has the lock, and nobody waits for it. It has the calls of
-- acquire.lua.
-- KEYS and ARGV as of acquire_shared.lua
local function acquire_alone(k, keys, a, arguments)
    local now = time()
    local ballot, window = tonumber(ARGV[a + 2]), tonumber(ARGV[a + 5])
    local fenced = ballot > 0
    if fenced and (ballot > now + window or ballot < now - window) then
        return {-2, now}
    end
    local lowest = arguments < 8 and string.match(read(k + 2) or '0', '^%d+$')
    if lowest and tonumber(lowest) < (fenced and ballot or 2 ^ 53) and redis.call('SET', KEYS[k + 1],
        'redlock:shared ' .. lowest .. ' ' .. ARGV[a + 1], 'NX', 'PX', ARGV[a + 4]) then
        if fenced then
            redis.call('SET', KEYS[k + 2], ARGV[a + 3], 'PX', ARGV[a + 6])
        end
        return now
    end
end
