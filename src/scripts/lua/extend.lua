-- EXTEND: resets the lease of a lock that this node holds for the token; and plants the lock again
-- where it is missing if that is asked for and nobody can have had it since.
-- KEYS  1 lock  2 fence  [3 holder]
-- ARGV  1 token  2 last ballot of the block, P^ (0: none known)  3 lease time in ms
--       4 fence lifetime in ms  5 1: plant it again, 0: do not  [6 holder record]
-- Returns {1, TIME in us}   extended, or its lease was longer already: a lease is never shortened
--         {2, TIME in us}   planted again
--         {0, TIME in us}   somebody else holds it here
--         {-1, TIME in us}  nobody holds it here
-- The time shows the client whether this node's clock was set since the lease began.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local held = redis.call('GET', KEYS[1])
if not held and ARGV[5] == '1' then
    local fence = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
    if fence > tonumber(ARGV[2]) then
        return {-1, now}
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
    if KEYS[3] and ARGV[6] then
        redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[3])
    end
    return {2, now}
end
if held ~= ARGV[1] then
    return {held and 0 or -1, now}
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    if KEYS[3] then
        redis.call('PEXPIRE', KEYS[3], ARGV[3])
    end
end
if ARGV[2] ~= '0' then
    local fence = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
    if fence < tonumber(ARGV[2]) then
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
    else
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
    end
end
return {1, now}
