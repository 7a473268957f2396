-- How readers begin, and what is done with one that is alone. Beside a set nobody needs these functions,
-- and to make them costs.
local is_readers, end_of_lock, begin, spill
if held ~= marker then
    is_readers = function(value)
        return value == marker or string.sub(value, 1, #marker + 1) == marker .. ' '
    end
    -- The deadline of a reader that is alone; nothing where the key has no end. The time is asked anew and
    -- last: its lease is not shortened by what passes in between.
    end_of_lock = function()
        local left = redis.call('PTTL', KEYS[1])
        if left >= 0 then
            local t = redis.call('TIME')
            return t[1] * 1000 + math.floor(t[2] / 1000) + left
        end
    end
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
    begin = function(token, lease, record)
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
    -- until then it tells of that reader, who loses nothing where a call is refused. Where no set is over,
    -- the first call that writes is one that a full memory refuses. In the last millisecond of that
    -- reader its deadline is now, and an end there would delete what is written: the set gets its end
    -- when the newcomer is in it, and until then, or if a call is refused, one that is late.
    spill = function(number, token, deadline)
        if redis.call('PTTL', readers) ~= -2 then
            redis.call('DEL', readers)
        end
        redis.call('ZADD', readers, '-inf', 'since ' .. text_of(number), text_of(deadline), ':' .. token)
        redis.call('PEXPIREAT', readers, text_of(deadline + 60000))
        redis.call('SET', KEYS[1], marker, 'KEEPTTL')
    end
end
