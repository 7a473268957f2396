-- Who reads here. While readers have the lock, its key is the marker, and the readers' key a sorted set:
--   since <number>    at -inf        the fence as it stood when this set began
--   :<token>          its deadline   a reader, until then: whole ms of this node's clock
--   :<token>          -(until)       its tombstone: a late request of it is refused until then
--   !<token>          its deadline   a reader that was released and stays for a minimum
--   =<length> <token><record>        at -(deadline): the holder record of that reader
-- So the largest deadline, and whatever is over, is found without a look at the others. What cannot be
-- read, such as a deadline that is no whole number below 2^53, is no reader. Reads only.
local marker = 'redlock:shared'
local above_all = '(9007199254740992'
local readers = KEYS[3]
local function now_ms()
    return math.floor(time() / 1000)
end
local function text_of(number)
    return string.format('%.0f', number)
end
-- Once for all calls that need it.
local ms
local function now_text()
    ms = ms or text_of(now_ms())
    return ms
end
-- The deadline of a member that is alive, or nothing; and whether it is a tombstone.
local function look_up(member)
    local score = tonumber(redis.call('ZSCORE', readers, member) or '')
    if not score or score % 1 ~= 0 or math.abs(score) >= 2 ^ 53 then
        return nil, false
    end
    return score > now_ms() and score or nil, -score > now_ms()
end
-- Nothing if there is no set, or none that can be read.
local function since()
    for _, member in ipairs(redis.call('ZREVRANGEBYSCORE', readers, '-inf', '-inf')) do
        local number = tonumber(string.match(member, '^since (%d+)$') or '')
        if number then
            return number
        end
    end
end
-- How many members are alive.
local function count_living()
    return redis.call('ZCOUNT', readers, '(' .. now_text(), above_all)
end
local function is_reader(member, score)
    return string.find(member, '^[:!]') and score % 1 == 0
end
local function record_head(token)
    return '=' .. #token .. ' ' .. token
end
