-- EXTEND: resets the lease of a lock that this node holds for the token; and plants the lock again
-- where it is missing if that is asked for and nobody can have had it since.
-- PARTS time
-- KEYS  1 lock  2 fence  [3 holder]
-- ARGV  1 token  2 last ballot of the block, P^ (0: none known)  3 lease time in ms
--       4 fence lifetime in ms  5 1: plant it again, 0: do not  [6 holder record]
-- Returns TIME in us        extended, or its lease was longer already: a lease is never shortened
--         {2, TIME in us}   planted again
--         {0, TIME in us}   somebody else holds it here
--         {-1, TIME in us}  nobody holds it here
-- The holder record here becomes the one that is given: its holder may have proclaimed another text.
-- That is the last write, which Redis does not refuse for want of memory, as it may the first.
-- The time shows the client whether this node's clock was set since the lease began.
-- A request: see cmake/lua_text.cmake. Its keys and its arguments begin behind k and a.
local function extend(k, keys, a, arguments)
    local now = time()
    local held = read(k + 1)
    if not held and ARGV[a + 5] == '1' then
        local fence = tonumber(read(k + 2) or '0') or 0
        if fence > tonumber(ARGV[a + 2]) then
            return {-1, now}
        end
        redis.call('SET', KEYS[k + 1], ARGV[a + 1], 'PX', ARGV[a + 3])
        redis.call('SET', KEYS[k + 2], ARGV[a + 2], 'PX', ARGV[a + 4])
        if keys > 2 and arguments > 5 then
            redis.call('SET', KEYS[k + 3], ARGV[a + 6], 'PX', ARGV[a + 3])
        end
        return {2, now}
    end
    if held ~= ARGV[a + 1] then
        return {held and 0 or -1, now}
    end
    if redis.call('PTTL', KEYS[k + 1]) < tonumber(ARGV[a + 3]) then
        redis.call('PEXPIRE', KEYS[k + 1], ARGV[a + 3])
        if keys > 2 then
            redis.call('PEXPIRE', KEYS[k + 3], ARGV[a + 3])
        end
    end
    if ARGV[a + 2] ~= '0' then
        local fence = tonumber(read(k + 2) or '0') or 0
        if fence < tonumber(ARGV[a + 2]) then
            redis.call('SET', KEYS[k + 2], ARGV[a + 2], 'PX', ARGV[a + 4])
        else
            redis.call('PEXPIRE', KEYS[k + 2], ARGV[a + 4])
        end
    end
    if keys > 2 and arguments > 5 and peek(k + 3) ~= ARGV[a + 6] then
        redis.call('SET', KEYS[k + 3], ARGV[a + 6], 'PX', redis.call('PTTL', KEYS[k + 1]))
    end
    return now
end
