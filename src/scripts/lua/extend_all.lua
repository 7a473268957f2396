-- EXTEND ALL: resets the lease of a lock of several names that this node holds for the token under each
-- of them; and plants it again under those that are missing, if that is asked for and nobody can have
-- had one of these since. What is there of a lock that cannot be made whole is left to its end.
-- PARTS time several
-- KEYS  for each name: lock, fence [holder: only with ARGV 6]
-- ARGV  1 token  2 last ballot of the block, P^ (0: none known)  3 lease time in ms
--       4 fence lifetime in ms  5 1: plant it again, 0: do not  [6 holder record]
-- Returns TIME in us        extended under all names; a lease is never shortened
--         {2, TIME in us}   whole again, planted under one name at least
--         {0, TIME in us}   somebody else holds one of the names here
--         {-1, TIME in us}  nobody holds one of the names here
keys_of_each = ARGV[6] and 3 or 2
local now = time()
local last_ballot, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local missing, is_missing = {}, false
for i = 1, #KEYS, keys_of_each do
    local held = redis.call('GET', KEYS[i])
    if held and held ~= ARGV[1] then
        return {0, now}
    end
    missing[i] = not held
    is_missing = is_missing or not held
end
local fences, marks = {}, {}
for i = 1, #KEYS, keys_of_each do
    if is_missing or last_ballot > 0 then
        fences[i], marks[i] = fence_of(KEYS[i + 1])
    end
    if missing[i] and (ARGV[5] ~= '1' or fences[i] > last_ballot) then
        return {-1, now}
    end
end
for i = 1, #KEYS, keys_of_each do
    if missing[i] then
        redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[3])
        if keys_of_each > 2 then
            redis.call('SET', KEYS[i + 2], ARGV[6], 'PX', ARGV[3])
        end
    elseif redis.call('PTTL', KEYS[i]) < lease then
        redis.call('PEXPIRE', KEYS[i], ARGV[3])
        if keys_of_each > 2 then
            redis.call('PEXPIRE', KEYS[i + 2], ARGV[3])
        end
    end
    if last_ballot > 0 and fences[i] < last_ballot then
        redis.call('SET', KEYS[i + 1], ARGV[2] .. marks[i], 'PX', ARGV[4])
    elseif last_ballot > 0 then
        redis.call('PEXPIRE', KEYS[i + 1], ARGV[4])
    end
end
return is_missing and {2, now} or now
