-- What ACQUIRE SHARED does where others may read, in the line and out of it: looks for them, and joins.
-- ARGV  1 token  4 lease time in ms
-- The marker without a set, or a reader that is alone and has no end: readers are here that nobody knows.
local begun, known, barred, alone, ends
if held == marker then
    begun = since()
    if begun then
        known, barred = look_up(':' .. ARGV[1])
    end
    if barred then
        return {-4, now}
    end
elseif type(held) == 'string' then
    begun, alone = alone_in(held)
    ends = alone and end_of_lock()
    begun = ends and begun
end
if begun then
    bound = begun
end
local excluded = held and not begun
local stale = is_stale()
local function stale_answer()
    return {-1, bound, now, redis.call('PTTL', KEYS[2])}
end
local function join(record)
    local lease = tonumber(ARGV[4])
    local deadline = now_ms() + lease
    if not begun then
        begin(ARGV[1], lease, record)
    elseif alone == ARGV[1] then
        redis.call('PEXPIREAT', KEYS[1], text_of(math.max(ends, deadline)))
    else
        if alone then
            spill(begun, alone, ends)
        end
        join_set(ARGV[1], known, deadline, record)
        sweep()
        settle()
    end
    raise()
end
