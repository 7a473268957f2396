-- RELEASE: deletes the lock if the token still holds it here.
-- KEYS  1 lock  2 fence  [3 holder]
-- ARGV  1 token  2 bar: P^ + 1, or 0 for none  3 fence lifetime in ms
-- With a bar the fence is raised to it, so that an ACQUIRE of this attempt that arrives after this
-- release (from a broken connection, say) is stale and leaves nothing behind.
-- Returns 1 deleted, 0 was not there
local removed = 0
if redis.call('GET', KEYS[1]) == ARGV[1] then
    removed = redis.call('DEL', KEYS[1])
    if KEYS[3] then
        redis.call('DEL', KEYS[3])
    end
end
if ARGV[2] ~= '0' then
    local fence = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
    if fence < tonumber(ARGV[2]) then
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
    end
end
return removed
