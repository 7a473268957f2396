-- STATUS: what this node knows of a resource. Reads only.
-- KEYS  1 lock  2 fence  3 holder
-- Returns {token or nil, PTTL of the lock, fence or nil, holder record or nil, TIME in us,
--          PTTL of the fence}
--         with 0 in place of what is of another type than a string
local t = redis.call('TIME')
local function read(key)
    local value = redis.pcall('GET', key)
    if type(value) ~= 'table' then
        return value
    end
    if string.find(value.err, 'WRONGTYPE', 1, true) then
        return 0
    end
    -- Once more, so that the error tells the line.
    return redis.call('GET', key)
end
return {
    read(KEYS[1]),
    redis.call('PTTL', KEYS[1]),
    read(KEYS[2]),
    read(KEYS[3]),
    t[1] * 1000000 + t[2],
    redis.call('PTTL', KEYS[2])
}
