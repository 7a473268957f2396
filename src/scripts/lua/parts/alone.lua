-- A reader that is alone, and has no record, needs no set. The lock key tells of it:
--   redlock:shared <since> <token>
-- `since` is the fence as it stood when it came, up to 2^53. The key ends with the reader, and what is
-- under the readers' key is over. A value that begins so and cannot be read stands for readers that
-- nobody knows.
local function is_readers(value)
    return value == marker or string.sub(value, 1, #marker + 1) == marker .. ' '
end
-- Since when it reads, and its token.
local function alone_in(value)
    local number, at = string.match(value, '^redlock:shared (%d+) ()')
    number = tonumber(number or '')
    if number and number <= 2 ^ 53 then
        return number, string.sub(value, at)
    end
end
-- The deadline of such a reader; nothing where the key has no end. The time is asked anew and last: its
-- lease is not shortened by what passes in between.
local function end_of_lock()
    local left = redis.call('PTTL', KEYS[1])
    if left >= 0 then
        local t = redis.call('TIME')
        return t[1] * 1000 + math.floor(t[2] / 1000) + left
    end
end
