-- ACQUIRE SLOT: gives one node's vote for a slot of a semaphore, as acquire.lua does for a lock. Besides,
-- it compares the number of permits, and where the slot is taken tells which others are free.
-- PARTS time fence slots ballot
-- KEYS  1 lock of the slot  2 its fence  3 permits  4... locks of up to 63 slots behind it, as in a ring
--       [last: its holder, only with ARGV 10]
-- ARGV  1 to 7 as of acquire.lua  8 number of permits  9 the slot  [10 holder record]
-- Returns TIME in us                      granted
--         {0, PTTL, holder, 0, SLOT...}   taken; the shortest PTTL of up to 16 slots that are taken, and
--                                         up to 16 slots that are free
--         {-1, fence, TIME in us, PTTL of the fence}, {-2, TIME in us}, {-3, 0, 1}
--                                         as of acquire.lua
--         {-5, number}                    other clients of the semaphore have another number of permits
-- Nothing is written unless it is granted. With 0 and -3 the lock key has been read here, with 0 all that
-- were given, so that client tracking tells of their next change.
local different = disagreement(ARGV[8])
if different then
    return different
end
read_fence()
local stale = fenced and fence >= ballot
local others = blank == ' ' and ARGV[7] == '1'
if stale or others or not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[4]) then
    local holder = redis.pcall('GET', KEYS[1])
    if type(holder) == 'table' and not string.find(holder.err, 'WRONGTYPE', 1, true) then
        return redis.call('GET', KEYS[1])
    end
    if holder or not (stale or others) then
        return taken(holder, 0, tonumber(ARGV[8]), tonumber(ARGV[9]), 4, #KEYS - (ARGV[10] and 1 or 0))
    end
    if stale then
        return {-1, fence, now, redis.call('PTTL', KEYS[2])}
    end
    return {-3, 0, 1}
end
if fenced then
    redis.call('SET', KEYS[2], ARGV[3] .. blank, 'PX', ARGV[6])
end
agree(ARGV[8], ARGV[6])
if ARGV[10] then
    redis.call('SET', KEYS[#KEYS], ARGV[10], 'PX', ARGV[4])
end
return now
