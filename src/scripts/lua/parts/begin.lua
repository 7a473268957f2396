-- How readers begin.
-- A set with its first reader; what else is under the readers' key is over.
local function write_set(number, token, deadline, record)
    local at = text_of(deadline)
    redis.call('DEL', readers)
    if record then
        redis.call('ZADD', readers, '-inf', 'since ' .. number, at, ':' .. token, '-' .. at,
            record_head(token) .. record)
    else
        redis.call('ZADD', readers, '-inf', 'since ' .. number, at, ':' .. token)
    end
    redis.call('PEXPIREAT', readers, at)
end
-- Where nobody has the lock any more. The lock key comes first, so that a node whose memory is full
-- refuses it.
local function begin(token, lease, record)
    local number = text_of(math.min(math.max(0, fence), 2 ^ 53))
    if record then
        local deadline = now_ms() + lease
        redis.call('SET', KEYS[1], marker, 'PXAT', text_of(deadline))
        write_set(number, token, deadline, record)
    else
        redis.call('SET', KEYS[1], marker .. ' ' .. number .. ' ' .. token, 'PX', text_of(lease))
    end
end
-- A set in place of a reader that was alone, since another is about to come. The lock key comes last:
-- until then it tells of that reader, who loses nothing where a call is refused. A set that is over goes
-- by itself, so that the first call that writes is usually one that a full memory refuses.
local function spill(number, token, deadline)
    if redis.call('PTTL', readers) ~= -2 then
        redis.call('DEL', readers)
    end
    redis.call('ZADD', readers, '-inf', 'since ' .. text_of(number), text_of(deadline), ':' .. token)
    redis.call('PEXPIREAT', readers, text_of(deadline))
    redis.call('SET', KEYS[1], marker, 'KEEPTTL')
end
