-- The locks of several names, which a node gives, prolongs and takes back together. Their keys stand
-- one name after the other: lock, fence, what the script asks for besides and, where there is a record,
-- the holder key.
-- `keys_of_each` tells how many keys a name has. What stands under a lock key: its text, false for
-- none, or 0 for what is no text.
local keys_of_each
local function held_under(key)
    local held = redis.pcall('GET', key)
    if type(held) ~= 'table' then
        return held
    end
    if string.find(held.err, 'WRONGTYPE', 1, true) then
        return 0
    end
    -- Once more, so that the error tells the line.
    return redis.call('GET', key)
end
-- The fence of a name, the mark of those who wait in line, a blank behind it, and both as they stand
-- there, or false.
local function fence_of(key)
    local kept = redis.call('GET', key)
    local text = kept or ''
    return tonumber(text) or 0, string.sub(text, -1) == ' ' and ' ' or '', kept
end
