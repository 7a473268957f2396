-- What ACQUIRE SHARED does in the line and out of it: looks at what is here, and joins.
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'table' and not string.find(holder.err, 'WRONGTYPE', 1, true) then
    -- Once more, so that the error tells the line.
    return redis.call('GET', KEYS[1])
end
read_fence()
-- The marker without a set: readers are here that nobody knows.
local begun = holder == marker and since() or nil
local known, barred
if begun then
    known, barred = look_up(':' .. ARGV[1])
    if barred then
        return {-4, now}
    end
end
local excluded = holder and not begun
local bound = begun or fence
local stale = fenced and bound >= ballot
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
        redis.call('SET', KEYS[1], marker, 'PX', ARGV[4])
        begin_set(ARGV[1], deadline, record)
    end
    if fenced then
        raise_fence(tonumber(ARGV[3]), ARGV[6])
    end
end
