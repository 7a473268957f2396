-- RELEASE: deletes the lock if the token still holds it here.
-- KEYS  1 lock  [2 fence: with a bar or a holder]  [3 holder]
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
local removed = 0
local held = redis.call('GET', KEYS[1]) == ARGV[1]
local keep = tonumber(ARGV[6]) or 0
local function end_key(key)
    if keep <= 0 then
        return redis.call('DEL', key)
    end
    local left = redis.call('PTTL', key)
    if left == -1 or left > keep then
        redis.call('PEXPIRE', key, keep)
    end
    return 1
end
if held then
    removed = end_key(KEYS[1])
    if KEYS[3] then
        end_key(KEYS[3])
    end
end
local bar = tonumber(ARGV[2]) or 0
local above = removed == 1 and ARGV[5] == '1'
if bar == 0 and not above then
    return removed
end
local window = tonumber(ARGV[4])
local highest = 0
if bar > 0 then
    local t = redis.call('TIME')
    highest = t[1] * 1000000 + t[2] + window
    if bar > highest then
        bar = 0
    end
end
if bar > 0 or above then
    local kept = redis.call('GET', KEYS[2]) or ''
    local fence = tonumber(kept) or 0
    if above then
        bar = math.max(bar, fence + 1)
    end
    if fence < bar then
        local mark = string.sub(kept, -1) == ' ' and ' ' or ''
        redis.call('SET', KEYS[2], string.format('%.0f', bar) .. mark, 'PX', ARGV[3])
    elseif fence <= highest then
        redis.call('PEXPIRE', KEYS[2], ARGV[3])
    else
        local needed = math.ceil(2 * window / 1000)
        local left = redis.call('PTTL', KEYS[2])
        if left >= 0 and left < needed then
            redis.call('PEXPIRE', KEYS[2], needed)
        end
    end
end
return removed
