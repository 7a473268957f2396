-- What ACQUIRE SHARED finds, in the line and out of it: who has the lock, and the fence.
-- ARGV  3 last ballot of the block, P^  6 fence lifetime in ms
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' and not string.find(held.err, 'WRONGTYPE', 1, true) then
    -- Once more, so that the error tells the line.
    return redis.call('GET', KEYS[1])
end
read_fence()
-- What the ballot must be above: the fence, unless it joins others.
local bound = fence
local function is_stale()
    return fenced and bound >= ballot
end
local function raise()
    if fenced then
        raise_fence(tonumber(ARGV[3]), ARGV[6])
    end
end
