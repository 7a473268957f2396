-- ACQUIRE: gives one node's vote for an acquisition.
-- PARTS time
-- KEYS  1 lock  2 fence  [3 holder: only with ARGV 8]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 1: leaves a free lock to those who wait in line, 0: takes it  [8 holder record]
-- The fence is a decimal number; a blank behind it is the mark of those who wait in the node's line,
-- which acquire_in_line.lua sets and clears. To every script it is the same number. Without fencing
-- the fence is looked at for this mark alone, and not written.
-- Returns TIME in us                      granted
--         {0, PTTL of the lock, holder}   busy: somebody holds it here
--         {-1, fence, TIME in us, PTTL of the fence}
--                                         stale: P is not above the fence; equality is stale
--         {-2, TIME in us}                P is further from this node's clock than the window
--         {-3, 0, 1}                      free, but others wait for it
-- The common path has four calls. Nothing is written unless it is granted: a fence lives no longer
-- because somebody failed at it.
-- A request: see cmake/lua_text.cmake. Its keys and its arguments begin behind k and a.
local function acquire(k, keys, a)
    local now = time()
    local ballot, window = tonumber(ARGV[a + 2]), tonumber(ARGV[a + 5])
    local fenced = ballot > 0
    if fenced and (ballot > now + window or ballot < now - window) then
        return {-2, now}
    end
    local kept = read(k + 2) or ''
    local fence = tonumber(kept) or 0
    local mark = string.sub(kept, -1) == ' ' and ' ' or ''
    local stale = fenced and fence >= ballot
    local others = mark == ' ' and ARGV[a + 7] == '1'
    if stale or others or not redis.call('SET', KEYS[k + 1], ARGV[a + 1], 'NX', 'PX', ARGV[a + 4]) then
        local holder = redis.pcall('GET', KEYS[k + 1])
        if type(holder) == 'table' and not string.find(holder.err, 'WRONGTYPE', 1, true) then
            -- Once more, so that the error tells the line.
            return redis.call('GET', KEYS[k + 1])
        end
        if holder or not (stale or others) then
            return {0, redis.call('PTTL', KEYS[k + 1]), type(holder) == 'string' and holder or ''}
        end
        if stale then
            return {-1, fence, now, redis.call('PTTL', KEYS[k + 2])}
        end
        return {-3, 0, 1}
    end
    if fenced then
        redis.call('SET', KEYS[k + 2], ARGV[a + 3] .. mark, 'PX', ARGV[a + 6])
    end
    if keys > 2 then
        redis.call('SET', KEYS[k + 3], ARGV[a + 8], 'PX', ARGV[a + 4])
    end
    return now
end
