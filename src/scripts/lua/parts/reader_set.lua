-- How readers come, stay and go. Where a node's memory is full, a script whose first call that writes
-- would need more of it is refused, and later ones are let through: whoever comes begins with such a
-- call, whoever has come already does not.
local function text_of(number)
    return string.format('%.0f', number)
end
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
    redis.call('PEXPIREAT', KEYS[1], text_of(deadline))
    redis.call('PEXPIREAT', readers, text_of(deadline))
end
-- A new set, beside the marker: what else is under the key is over.
local function begin_set(token, deadline, record)
    local since = text_of(math.min(math.max(0, fence), 2 ^ 53))
    local given = {'-inf', 'since ' .. since, text_of(deadline), ':' .. token}
    if record then
        given[5], given[6] = text_of(-deadline), record_head(token) .. record
    end
    redis.call('DEL', readers)
    redis.call('ZADD', readers, unpack(given))
    end_both_at(deadline)
end
-- Without what is over already.
local function sweep()
    redis.call('ZREMRANGEBYSCORE', readers, text_of(-now_ms()), text_of(now_ms()))
end
-- The largest deadline of a living reader; nothing if none is left.
local function last_deadline()
    local after = '(' .. text_of(now_ms())
    while true do
        local found = redis.call('ZREVRANGEBYSCORE', readers, above_all, after, 'WITHSCORES',
            'LIMIT', 0, 1)
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
