-- RELEASE SHARED: ends a reader, or the writer that it was before, if the token has the lock here. The
-- last living reader deletes the lock.
-- PARTS time release_alone readers last_reader fence alone begin reader_set
-- KEYS  1 lock  2 fence  3 readers
-- ARGV  1 token  [2 bar: P^ + 1, or 0  3 fence lifetime in ms  4 clock window in us
--       5 1: the bar is at least one above the fence that stands where the token had the lock
--       6 in ms: the lock is not given back, but lasts no longer than that; without it, or 0, it is]
-- A bar is that of release.lua, by the same rules. It raises the fence, which stops a late request of
-- this token where the set has ended; in a set, which is held against its `since`, a tombstone does.
-- A reader that stays for a minimum has its deadline cut, never prolonged, and is none that requests
-- find: so a late one does not prolong it.
-- Returns 1 ended, or left to its end; 0 was not there
local removed = 0
local begun, alone = alone_in(held or '')
if alone == token and keep <= 0 then
    removed = redis.call('DEL', KEYS[1])
elseif alone and (alone == token or bar > 0) then
    local ends = end_of_lock() or (alone == token and now_ms() + keep)
    if ends then
        -- First, since it needs no memory: what ends is not refused.
        redis.call('DEL', readers)
        spill(begun, alone, ends)
        held = marker
        known = alone == token and ends or nil
    end
end
if held == marker then
    local staying = '!' .. token
    local deadline = known or look_up(staying)
    removed = deadline and 1 or 0
    local record = deadline and record_of(token, deadline)
    if deadline and keep > 0 then
        redis.call('ZREM', readers, known and mine or staying)
        set_deadline(staying, math.min(deadline, now_ms() + keep), record)
    else
        redis.call('ZREM', readers, barred and staying or mine, staying, record or staying)
    end
    -- Where no set is left nobody can join, and a tombstone would have no end.
    if (bar > 0 or (removed == 1 and ARGV[5] == '1')) and since() then
        redis.call('ZADD', readers, text_of(-now_ms() - tonumber(ARGV[3])), mine)
    end
    if not settle() and since() then
        redis.call('DEL', KEYS[1], readers)
    end
elseif held == token and not is_readers(held) then
    removed = 1
    local left = keep > 0 and redis.call('PTTL', KEYS[1])
    if keep <= 0 then
        redis.call('DEL', KEYS[1])
    elseif left == -1 or left > keep then
        redis.call('PEXPIRE', KEYS[1], ARGV[6])
    end
end
local above = removed == 1 and ARGV[5] == '1'
local window, highest = tonumber(ARGV[4] or '0'), 0
if bar > 0 then
    highest = time() + window
    if bar > highest then
        bar = 0
    end
end
if bar > 0 or above then
    read_fence()
    if above then
        bar = math.max(bar, fence + 1)
    end
    if fence < bar or fence <= highest then
        raise_fence(bar, ARGV[3])
    else
        local needed = math.ceil(2 * window / 1000)
        local left = redis.call('PTTL', KEYS[2])
        if left >= 0 and left < needed then
            redis.call('PEXPIRE', KEYS[2], needed)
        end
    end
end
return removed
