-- What ACQUIRE, EXTEND and RELEASE have in common: the node's time in us, the same for all requests
-- of one call. Upvalues are quicker than globals.
local redis, KEYS, ARGV = redis, KEYS, ARGV
local us
local function time()
    if not us then
        local t = redis.call('TIME')
        us = t[1] * 1000000 + t[2]
    end
    return us
end
