-- ACQUIRE: gives one node's vote for an acquisition.
-- KEYS  1 lock  2 fence  [3 holder: only with ARGV 7]
-- ARGV  1 token  2 ballot P  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms  [7 holder details]
-- Returns TIME in us                      granted
--         {0, PTTL of the lock, holder}   busy: somebody holds it here
--         {-1, fence}                     stale: P is not above the fence; equality is stale
--         {-2, TIME in us}                P is further from this node's clock than the window
-- The common path has three calls. What it wrote is taken back in the rare stale case.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local ballot, window = tonumber(ARGV[2]), tonumber(ARGV[5])
if ballot > now + window or ballot < now - window then
    return {-2, now}
end
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[4]) then
    local holder = redis.pcall('GET', KEYS[1])
    return {0, redis.call('PTTL', KEYS[1]), type(holder) == 'string' and holder or ''}
end
local fence = redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[6], 'GET')
if fence and (tonumber(fence) or 0) >= ballot then
    redis.call('SET', KEYS[2], fence, 'PX', ARGV[6])
    redis.call('DEL', KEYS[1])
    return {-1, tonumber(fence)}
end
if KEYS[3] then
    redis.call('SET', KEYS[3], ARGV[7], 'PX', ARGV[4])
end
return now
