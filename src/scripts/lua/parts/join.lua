-- What ACQUIRE SHARED does where others may read, in the line and out of it: looks for them, and joins.
-- ARGV  1 token  4 lease time in ms
-- The marker without a set: readers are here that nobody knows.
local begun = holder == marker and since() or nil
local known, barred
if begun then
    bound = begun
    known, barred = look_up(':' .. ARGV[1])
    if barred then
        return {-4, now}
    end
end
local excluded = holder and not begun
local stale = is_stale()
local function stale_answer()
    return {-1, bound, now, redis.call('PTTL', KEYS[2])}
end
local function join(record)
    local deadline = now_ms() + tonumber(ARGV[4])
    if begun then
        join_set(ARGV[1], known, deadline, record)
        sweep()
        settle()
    else
        begin_set(ARGV[1], deadline, record)
    end
    raise()
end
