-- RELEASE ALL: deletes a lock of several names, under each of them that the token still holds here.
-- PARTS time several
-- KEYS  for each name: lock, fence [holder: only with ARGV 6]
-- ARGV  1 token  2 bar: P^ + 1, or 0  3 fence lifetime in ms  4 clock window in us
--       5 in ms: the lock is not deleted, but lasts no longer than that; 0: it is
--       [6 any text: each name has a holder key]
-- A bar is that of release.lua, for the fence of each name and by the same rules. The mark of those who
-- wait in line, a blank behind the fence, stays.
-- Returns 1 deleted, or left to its end, under all names; 2 the same, and others wait in line for one
--         of them; 0 it was not there under all of them. What was there is deleted in any case.
keys_of_each = ARGV[6] and 3 or 2
local bar, keep, window = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[4])
local doomed = {}
local function end_key(key)
    local left = keep > 0 and redis.call('PTTL', key)
    if keep <= 0 then
        doomed[#doomed + 1] = key
    elseif left == -1 or left > keep then
        redis.call('PEXPIRE', key, keep)
    end
end
local answer = 1
for i = 1, #KEYS, keys_of_each do
    if held_under(KEYS[i]) == ARGV[1] then
        end_key(KEYS[i])
        if keys_of_each > 2 then
            end_key(KEYS[i + 2])
        end
    else
        answer = 0
    end
end
-- Ahead of the fences, since it needs no memory, and whatever becomes of these.
if #doomed > 0 then
    redis.call('DEL', unpack(doomed))
end
local highest = bar > 0 and time() + window or 0
if bar > highest then
    bar = 0
end
for i = 1, #KEYS, keys_of_each do
    local fence, mark = fence_of(KEYS[i + 1])
    if answer > 0 and mark == ' ' then
        answer = 2
    end
    if bar > fence then
        redis.call('SET', KEYS[i + 1], ARGV[2] .. mark, 'PX', ARGV[3])
    elseif bar > 0 and fence <= highest then
        redis.call('PEXPIRE', KEYS[i + 1], ARGV[3])
    elseif bar > 0 then
        local needed = math.ceil(2 * window / 1000)
        local left = redis.call('PTTL', KEYS[i + 1])
        if left >= 0 and left < needed then
            redis.call('PEXPIRE', KEYS[i + 1], needed)
        end
    end
end
return answer
