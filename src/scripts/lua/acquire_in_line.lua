-- ACQUIRE IN LINE: gives one node's vote for an acquisition that stands in the fair ticket line: the
-- lock goes to the oldest place that is still alive, and one that does not come for it is passed over.
-- PARTS time fence line ballot
-- KEYS  1 lock  2 fence  3 line  [4 holder: only with ARGV 12]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 place id: has no blank in it, and so is never a call
--       8 ticket: an integer below 2^53, smaller came earlier  9 lease time of a place in ms
--       10 grace in ms  11 the most places a line has  [12 holder record]
-- Returns {TIME in us, places left}               granted; its place is gone
--         {0, PTTL of the lock, holder, ahead}    busy: somebody holds it here
--         {-1, fence, TIME in us, PTTL of the fence}
--                                                 stale; its place stays
--         {-2, TIME in us}                        P is further from this clock than the window
--         {-3, ms, ahead}                         free, but called for another until then
-- `ahead` counts the living places before this one. With 0 and -3 the lock key has been read here
-- and was not written after, so that client tracking tells of its next change.
-- A place that is taken here, or renewed, is told to acquire.lua by a mark: a blank behind the number
-- that is the fence. It stays as long as anybody is left in line when the lock is granted; what else
-- ends places leaves it to the next who asks here. The common path, nobody in line, has five calls.
-- Without fencing the fence is only that mark: the number behind which it stands is not looked at.
read_line(KEYS[3])
read_fence()
local stale = fenced and fence >= ballot

local function take()
    return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[4])
end
if #ahead > 0 or stale or not take() then
    local holder = redis.pcall('GET', KEYS[1])
    if holder or (#ahead == 0 and not stale) then
        return wait_for_lock(redis.call('PTTL', KEYS[1]), holder)
    end
    local answer = wait_for_turn()
    if answer then
        return answer
    end
    if stale then
        save({})
        return {-1, fence, now, redis.call('PTTL', KEYS[2])}
    end
    take()
end

local left = left_behind()
if fenced then
    redis.call('SET', KEYS[2], ARGV[3] .. (left > 0 and ' ' or ''), 'PX', ARGV[6])
elseif left > 0 then
    mark()
else
    unmark()
end
if KEYS[4] then
    redis.call('SET', KEYS[4], ARGV[12], 'PX', ARGV[4])
end
leave_line()
return {now, left}
