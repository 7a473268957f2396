-- STATUS: what this node knows of a resource. Reads only.
-- KEYS  1 lock  2 fence  3 holder
-- Returns {token or nil, PTTL of the lock, fence or nil, holder details or nil, TIME in us,
--          PTTL of the fence}
local t = redis.call('TIME')
return {
    redis.call('GET', KEYS[1]),
    redis.call('PTTL', KEYS[1]),
    redis.call('GET', KEYS[2]),
    redis.call('GET', KEYS[3]),
    t[1] * 1000000 + t[2],
    redis.call('PTTL', KEYS[2])
}
