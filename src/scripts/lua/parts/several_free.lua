-- What ACQUIRE ALL decides before the functions of the line are made, which cost more than all of it:
-- whether the names are free, and, where nobody in line has to be asked first, that they are taken.
-- KEYS and ARGV as of acquire_all.lua
keys_of_each = ARGV[13] and 4 or 3
local waits = tonumber(ARGV[8]) > 0
local fences, marks, texts = {}, {}, {}
local remaining, holder, busy, highest, waited_for
for i = 1, #KEYS, keys_of_each do
    local held = held_under(KEYS[i])
    if held then
        local left = redis.call('PTTL', KEYS[i])
        if not busy or (remaining ~= -1 and (left == -1 or left > remaining)) then
            remaining, holder, busy = left, type(held) == 'string' and held or '', i
        end
    end
    fences[i], marks[i], texts[i] = fence_of(KEYS[i + 1])
    if held and waits and marks[i] == '' then
        -- Where memory is full, it goes without a mark.
        if texts[i] then
            redis.pcall('SET', KEYS[i + 1], texts[i] .. ' ', 'KEEPTTL')
        else
            redis.pcall('SET', KEYS[i + 1], '0 ', 'PX', ARGV[9])
        end
    end
    if not highest or fences[i] > fences[highest] then
        highest = i
    end
    waited_for = waited_for or marks[i] == ' '
end
if busy then
    return {0, remaining, holder, 0, (busy - 1) / keys_of_each}
end
if fenced and fences[highest] >= ballot then
    return {-1, fences[highest], now, redis.call('PTTL', KEYS[highest + 1]),
            (highest - 1) / keys_of_each}
end
if waited_for and ARGV[12] == '1' then
    return {-3, 0, 1}
end
local function take_all()
    for i = 1, #KEYS, keys_of_each do
        redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[4])
        local left = marks[i] == ' ' and redis.call('PTTL', KEYS[i + 2]) ~= -2 and ' ' or ''
        if fenced then
            redis.call('SET', KEYS[i + 1], ARGV[3] .. left, 'PX', ARGV[6])
        elseif left ~= marks[i] and texts[i] == '0 ' then
            redis.call('DEL', KEYS[i + 1])
        elseif left ~= marks[i] then
            redis.call('SET', KEYS[i + 1], string.sub(texts[i], 1, -2), 'KEEPTTL')
        end
        if keys_of_each > 3 then
            redis.call('SET', KEYS[i + 3], ARGV[13], 'PX', ARGV[4])
        end
    end
    return now
end
if not (waits and waited_for) then
    return take_all()
end
