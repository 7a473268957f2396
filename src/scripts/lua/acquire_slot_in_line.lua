-- ACQUIRE SLOT IN LINE: gives one node's vote for a slot of a semaphore to an acquisition that stands in
-- the semaphore's line, which is one for all of its slots.
-- PARTS time fence line slots ballot
-- KEYS  1 lock of the slot  2 its fence  3 permits  4 line  5... locks of up to 63 slots behind it, as in a
--       ring  [last: its holder, only with ARGV 14]
-- ARGV  1 to 11 as of acquire_in_line.lua  12 number of permits  13 the slot  [14 holder record]
-- Returns {TIME in us, places left}             granted; its place is gone
--         {0, PTTL, holder, ahead, SLOT...}     taken; as of acquire_slot.lua
--         {-1, fence, TIME in us, PTTL of the fence}, {-2, TIME in us}, {-3, ms, ahead}
--                                               as of acquire_in_line.lua
--         {-5, number}                          other clients have another number of permits
-- The mark of those who wait lies on the fence of the slot that they asked for. While any slot is free,
-- whoever is called for it stays called.
local different = disagreement(ARGV[12])
if different then
    return different
end
read_line(KEYS[4])
read_fence()
local stale = fenced and fence >= ballot

local last_slot = #KEYS - (ARGV[14] and 1 or 0)
local function take()
    return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[4])
end
if #ahead > 0 or stale or not take() then
    local holder = redis.pcall('GET', KEYS[1])
    if holder or (#ahead == 0 and not stale) then
        local answer = taken(holder, #ahead, tonumber(ARGV[12]), tonumber(ARGV[13]), 5, last_slot)
        local any_free = #answer > 4
        if not any_free then
            forget_call()
        end
        -- Who may go on to a free one at once needs no new place.
        save(any_free and not in_line and {} or my_place())
        return answer
    end
    local answer = wait_for_turn()
    if answer then
        -- The one that is called may take another slot; then this one is kept for nobody any more.
        read_slots(5, last_slot)
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
agree(ARGV[12], ARGV[6])
if ARGV[14] then
    redis.call('SET', KEYS[#KEYS], ARGV[14], 'PX', ARGV[4])
end
leave_line()
return {now, left}
