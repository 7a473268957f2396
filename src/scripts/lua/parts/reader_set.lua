-- How readers join, stay and go. Where a node's memory is full, a script whose first call that writes
-- would need more of it is refused, and later ones are let through: whoever comes begins with such a
-- call, whoever has come already does not.
-- The member that has the record of a reader with this deadline.
local function record_of(token, deadline)
    local head, at = record_head(token), text_of(-deadline)
    for _, member in ipairs(redis.call('ZREVRANGEBYSCORE', readers, at, at)) do
        if string.sub(member, 1, #head) == head then
            return member
        end
    end
end
-- Its deadline, and that of its record, which is a member.
local function set_deadline(member, deadline, record)
    if record then
        redis.call('ZADD', readers, text_of(deadline), member, text_of(-deadline), record)
    else
        redis.call('ZADD', readers, text_of(deadline), member)
    end
end
-- In a set that is there. `known`: its deadline in it, if it is alive.
local function join_set(token, known, deadline, record)
    if known then
        set_deadline(':' .. token, math.max(known, deadline), record_of(token, known))
    else
        set_deadline(':' .. token, deadline, record and record_head(token) .. record)
    end
end
local function end_both_at(deadline)
    local at = text_of(deadline)
    redis.call('PEXPIREAT', KEYS[1], at)
    redis.call('PEXPIREAT', readers, at)
end
-- Without what is over already.
local function sweep()
    redis.call('ZREMRANGEBYSCORE', readers, '-' .. now_text(), now_text())
end
-- The largest deadline of a living reader; nothing if none is left.
local function last_deadline()
    local after = '(' .. now_text()
    while true do
        local found = redis.call('ZREVRANGEBYSCORE', readers, above_all, after, 'WITHSCORES',
            'LIMIT', '0', '1')
        if not found[1] then
            return nil
        end
        local deadline = tonumber(found[2])
        if is_reader(found[1], deadline) then
            return deadline
        end
        redis.call('ZREM', readers, found[1])
    end
end
-- The marker and the set last as long as the longest-living reader; one with the deadline `coming` is
-- about to be among them. Nothing if nobody is left.
local function settle(coming)
    local latest = last_deadline()
    if coming and coming > (latest or 0) then
        latest = coming
    end
    if latest then
        end_both_at(latest)
    end
    return latest
end
