-- ACQUIRE ALL: gives one node's vote for an acquisition of several names: all of them, or none.
-- PARTS time several ballot
-- KEYS  for each name: lock, fence, line [holder: only with ARGV 9]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 1: leaves free names to those who wait for one of them, 0: takes them
--       8 for how long it waits on, in ms: the mark of those who wait is set where a name is held;
--       0: it does not wait, or does not want the mark  [9 holder record]
-- One ballot for all names: it is above the fence of each, and raises each. Nothing but the mark is
-- written unless all names are free. It has no place in the lines, so the mark alone tells whoever asks
-- first for a free name to let others ask. Who waits sets it again with each look; a grant leaves it only
-- where somebody is in line.
-- Returns TIME in us                          granted
--         {0, PTTL, holder, 0, which}         busy: of the names that somebody holds here, the one
--                                             whose lease lasts longest
--         {-1, fence, TIME in us, PTTL of the fence, which}
--                                             stale: P is not above the largest fence
--         {-2, TIME in us}                    P is further from this node's clock than the window
--         {-3, 0, 1}                          free, but others wait for one of them
-- `which` counts the names from 0. All lock keys have been read here, so that client tracking tells of
-- the next change of each.
-- Where memory is full, it goes without.
local function mark(key)
    local kept = redis.call('GET', key)
    if kept then
        redis.pcall('SET', key, kept .. ' ', 'KEEPTTL')
    else
        redis.pcall('SET', key, '0 ', 'PX', ARGV[8])
    end
end
keys_of_each = ARGV[9] and 4 or 3
local waits = tonumber(ARGV[8]) > 0
local fences, marks = {}, {}
local remaining, holder, busy, highest, waited_for
for i = 1, #KEYS, keys_of_each do
    local held = held_under(KEYS[i])
    if held then
        local left = redis.call('PTTL', KEYS[i])
        if not busy or (remaining ~= -1 and (left == -1 or left > remaining)) then
            remaining, holder, busy = left, type(held) == 'string' and held or '', i
        end
    end
    fences[i], marks[i] = fence_of(KEYS[i + 1])
    if held and waits and marks[i] == '' then
        mark(KEYS[i + 1])
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
if waited_for and ARGV[7] == '1' then
    return {-3, 0, 1}
end
for i = 1, #KEYS, keys_of_each do
    redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[4])
    if fenced then
        local left = marks[i] == ' ' and redis.call('PTTL', KEYS[i + 2]) ~= -2 and ' ' or ''
        redis.call('SET', KEYS[i + 1], ARGV[3] .. left, 'PX', ARGV[6])
    end
    if keys_of_each > 3 then
        redis.call('SET', KEYS[i + 3], ARGV[9], 'PX', ARGV[4])
    end
end
return now
