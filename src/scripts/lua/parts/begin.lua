-- The marker, and a new set beside it: what else is under the readers' key is over. The marker comes
-- first, so that a node whose memory is full refuses it.
local function begin_set(token, deadline, record)
    local since = 'since ' .. text_of(math.min(math.max(0, fence), 2 ^ 53))
    local at = text_of(deadline)
    redis.call('SET', KEYS[1], marker, 'PXAT', at)
    redis.call('DEL', readers)
    if record then
        redis.call('ZADD', readers, '-inf', since, at, ':' .. token, '-' .. at,
            record_head(token) .. record)
    else
        redis.call('ZADD', readers, '-inf', since, at, ':' .. token)
    end
    redis.call('PEXPIREAT', readers, at)
end
