-- RELEASE: deletes the lock if the token still holds it here.
-- PARTS time
-- KEYS  1 lock  [2 fence: with a bar or a holder, or for the mark of those who wait]  [3 holder]
-- ARGV  1 token  [2 bar: P^ + 1, or 0  3 fence lifetime in ms  4 clock window in us
--       5 1: the bar is at least one above the fence that stands where the lock is deleted
--       6 in ms: the lock is not deleted, but lasts no longer than that; without it, or 0, deleted]
-- With a bar the fence is raised to it, so that an ACQUIRE of this attempt that arrives after this
-- release (from a broken connection, say) is stale and leaves nothing behind, and an EXTEND plants
-- nothing again. Who does not know P^, only the token, sets it by the fence. A bar further ahead than
-- any ACQUIRE is accepted is left out: it would lock everybody out of the resource. A fence that stands
-- as high already gets as long a life; but one that is itself that far ahead, which is not to last, only
-- as long as an ACQUIRE below the bar could be accepted without it. The mark of those who wait in line,
-- a blank behind the fence, stays.
-- A lock that is to stay for a minimum keeps its key for what remains of that: its life is cut, and
-- never prolonged, since a release may come late or twice.
-- Returns 1 deleted, or left to its end; 0 was not there
--         2 deleted, and others wait in line: only with two keys and one argument
-- A request: see cmake/lua_text.cmake. Its keys and its arguments begin behind k and a.
local function end_key(key, keep)
    if keep <= 0 then
        return remove(key)
    end
    local left = redis.call('PTTL', key)
    if left == -1 or left > keep then
        redis.call('PEXPIRE', key, keep)
    end
    return 1
end
local function release(k, keys, a, arguments)
    local held = read(k + 1) == ARGV[a + 1]
    if arguments == 1 then
        local removed = held and remove(KEYS[k + 1]) or 0
        local kept = removed == 1 and keys > 1 and peek(k + 2)
        return type(kept) == 'string' and string.sub(kept, -1) == ' ' and 2 or removed
    end
    local removed = 0
    local keep = arguments > 5 and tonumber(ARGV[a + 6]) or 0
    if held then
        removed = end_key(KEYS[k + 1], keep)
        if keys > 2 then
            end_key(KEYS[k + 3], keep)
        end
    end
    local bar = tonumber(ARGV[a + 2]) or 0
    local above = removed == 1 and arguments > 4 and ARGV[a + 5] == '1'
    if bar == 0 and not above then
        return removed
    end
    local window = tonumber(ARGV[a + 4])
    local highest = 0
    if bar > 0 then
        highest = time() + window
        if bar > highest then
            bar = 0
        end
    end
    if bar > 0 or above then
        local kept = read(k + 2) or ''
        local fence = tonumber(kept) or 0
        if above then
            bar = math.max(bar, fence + 1)
        end
        if fence < bar then
            local mark = string.sub(kept, -1) == ' ' and ' ' or ''
            redis.call('SET', KEYS[k + 2], string.format('%.0f', bar) .. mark, 'PX', ARGV[a + 3])
        elseif fence <= highest then
            redis.call('PEXPIRE', KEYS[k + 2], ARGV[a + 3])
        else
            local needed = math.ceil(2 * window / 1000)
            local left = redis.call('PTTL', KEYS[k + 2])
            if left >= 0 and left < needed then
                redis.call('PEXPIRE', KEYS[k + 2], needed)
            end
        end
    end
    return removed
end
