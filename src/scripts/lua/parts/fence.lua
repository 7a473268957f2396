-- The fence of a lock: a decimal number; a blank behind it is the mark of those who wait in line.
local kept, fence, blank
local function read_fence()
    kept = redis.call('GET', KEYS[2])
    fence = tonumber(kept or '') or 0
    if fence ~= fence then
        fence = 0
    end
    blank = kept and string.sub(kept, -1) == ' ' and ' ' or ''
end
-- Never lowers it, and gives it a fresh life in any case. The mark is what `blank` says.
local function raise_fence(to, lifetime)
    local text = string.format('%.0f', fence < to and to or fence) .. blank
    if text ~= kept then
        redis.call('SET', KEYS[2], text, 'PX', lifetime)
    else
        redis.call('PEXPIRE', KEYS[2], lifetime)
    end
end
