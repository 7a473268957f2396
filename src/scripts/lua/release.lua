-- RELEASE: deletes the lock if the token still holds it here.
-- KEYS  1 lock  2 fence  [3 holder]
-- ARGV  1 token  2 bar: P^ + 1, or 0 for none  3 fence lifetime in ms  4 clock window in us
--       5 1: the bar is at least one above the fence that stands where the lock is deleted
-- With a bar the fence is raised to it, so that an ACQUIRE of this attempt that arrives after this
-- release (from a broken connection, say) is stale and leaves nothing behind, and an EXTEND plants
-- nothing again. Who does not know P^, only the token, sets it by the fence. A bar further ahead than
-- any ACQUIRE is accepted is left out: it would lock everybody out of the resource. A fence that stands
-- as high already gets as long a life.
-- Returns 1 deleted, 0 was not there
local removed = 0
if redis.call('GET', KEYS[1]) == ARGV[1] then
    removed = redis.call('DEL', KEYS[1])
    if KEYS[3] then
        redis.call('DEL', KEYS[3])
    end
end
local bar = tonumber(ARGV[2])
local above = removed == 1 and ARGV[5] == '1'
if bar > 0 then
    local t = redis.call('TIME')
    if bar > t[1] * 1000000 + t[2] + tonumber(ARGV[4]) then
        bar = 0
    end
end
if bar > 0 or above then
    local fence = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
    if above then
        bar = math.max(bar, fence + 1)
    end
    if fence < bar then
        redis.call('SET', KEYS[2], string.format('%.0f', bar), 'PX', ARGV[3])
    else
        redis.call('PEXPIRE', KEYS[2], ARGV[3])
    end
end
return removed
