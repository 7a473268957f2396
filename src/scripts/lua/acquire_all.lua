-- ACQUIRE ALL: gives one node's vote for an acquisition of several names: all of them, or none.
-- PARTS time several line ballot
-- KEYS  for each name: lock, fence, line [holder: only with ARGV 13]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 to 10 as of acquire_in_line.lua  11 0: it takes no place; a ticket of 0: it does not wait
--       12 1: leaves free names to those who wait for one of them, 0: takes them  [13 holder record]
-- One ballot for all names: it is above the fence of each, and raises each. Unless all names are free,
-- nothing but the mark is written. It has no place in the lines. An acquisition that waits goes behind
-- the places that came before it, which it calls and passes over as others in line do; and it sets the
-- mark where a name is held, so that a later one lets others ask first. It sets the mark again with each
-- look; a grant leaves it only where somebody is in line.
-- Returns TIME in us                          granted
--         {0, PTTL, holder, 0, which}         busy: of the names that somebody holds here, the one
--                                             whose lease lasts longest
--         {-1, fence, TIME in us, PTTL of the fence, which}
--                                             stale: P is not above the largest fence
--         {-2, TIME in us}                    P is further from this node's clock than the window
--         {-3, ms, ahead}                     free, but a name is called for another until then; or
--                                             others wait for one
-- `which` counts the names from 0. All lock keys have been read here, so that client tracking tells of
-- the next change of each.
-- Where memory is full, it goes without.
local function mark_fence(key)
    local written = redis.call('GET', key)
    if written then
        redis.pcall('SET', key, written .. ' ', 'KEEPTTL')
    else
        redis.pcall('SET', key, '0 ', 'PX', ARGV[9])
    end
end
keys_of_each = ARGV[13] and 4 or 3
local waits = me.ticket > 0
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
        mark_fence(KEYS[i + 1])
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
local turn
for i = 1, waits and waited_for and #KEYS or 0, keys_of_each do
    read_line(KEYS[i + 2])
    local answer = wait_for_turn()
    if not answer then
        save({})
    elseif not turn or answer[2] > turn[2] then
        turn = answer
    end
end
if turn then
    return turn
end
for i = 1, #KEYS, keys_of_each do
    redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[4])
    if fenced then
        local left = marks[i] == ' ' and redis.call('PTTL', KEYS[i + 2]) ~= -2 and ' ' or ''
        redis.call('SET', KEYS[i + 1], ARGV[3] .. left, 'PX', ARGV[6])
    end
    if keys_of_each > 3 then
        redis.call('SET', KEYS[i + 3], ARGV[13], 'PX', ARGV[4])
    end
end
return now
