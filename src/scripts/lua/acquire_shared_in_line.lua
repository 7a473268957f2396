-- ACQUIRE SHARED IN LINE: gives one node's vote for a reader that stands in the line. Only writers hold
-- it up, by their places before its own; readers' places, whose ids begin with `shared-`, do not.
-- PARTS time ballot fence held line readers alone begin reader_set join
-- KEYS  1 lock  2 fence  3 readers  4 line
-- ARGV  1 to 12 as of acquire_in_line.lua; the place id begins with `shared-`
-- Returns {TIME in us, places left}               granted; its place is gone
--         {0, PTTL of the lock, holder, ahead}    busy: somebody holds it here, or readers that nobody
--                                                 knows
--         {-1, fence or since, TIME in us, PTTL of the fence}
--                                                 stale; its place stays
--         {-2, TIME in us}                        P is further from this clock than the window
--         {-3, ms, ahead}                         called for a writer until then: free, or readers',
--                                                 with ten times the grace
--         {-4, TIME in us}                        the token was released here, with a bar
-- `ahead` counts the living places before this one. The rest is as in acquire_in_line.lua.
read_line(KEYS[4], function(id)
    return string.sub(id, 1, 7) ~= 'shared-'
end)
if excluded then
    return wait_for_lock(redis.call('PTTL', KEYS[1]), held)
end
-- Nothing wakes a writer while readers are here: it looks again by itself, ten times less often than
-- who is woken comes.
local answer = wait_for_turn(begun and 10)
if answer then
    return answer
end
if stale then
    save({})
    return stale_answer()
end
local left = left_behind()
blank = left > 0 and ' ' or ''
join(ARGV[12])
if not fenced and left > 0 then
    mark()
elseif not fenced then
    unmark()
end
leave_line()
return {now, left}
