-- STATUS: what this node knows of a resource. Reads only.
-- PARTS time readers alone
-- KEYS  1 lock  2 fence  3 holder  [4 readers]
-- ARGV  [1 token: tells of this reader alone, unless it was released]
-- Returns {value of the lock or nil, PTTL of the lock, fence or nil, holder record or nil, TIME in us,
--          PTTL of the fence}, and with the key of the readers also
--         {..., {{token, deadline in ms, holder record or nil}, ...}, how many readers}
--         of at most 100 that are alive; who lives longest comes first
--         with 0 in place of what is of another type than it should be
local function read(key)
    local value = redis.pcall('GET', key)
    if type(value) ~= 'table' then
        return value
    end
    if string.find(value.err, 'WRONGTYPE', 1, true) then
        return 0
    end
    -- Once more, so that the error tells the line.
    return redis.call('GET', key)
end
local told = {
    read(KEYS[1]),
    redis.call('PTTL', KEYS[1]),
    read(KEYS[2]),
    read(KEYS[3]),
    time(),
    redis.call('PTTL', KEYS[2])
}
if not KEYS[4] then
    return told
end
readers = KEYS[4]
local _, alone = alone_in(type(told[1]) == 'string' and told[1] or '')
if alone and told[2] > 0 then
    local is_asked = not ARGV[1] or ARGV[1] == alone
    told[7], told[8] = is_asked and {{alone, now_ms() + told[2], false}} or {}, 1
    return told
end
-- Without the marker, what is in the set is over.
local found = {}
if told[1] == marker then
    local after = '(' .. now_ms()
    local count = redis.pcall('ZCOUNT', readers, after, above_all)
    if type(count) == 'table' then
        if not string.find(count.err, 'WRONGTYPE', 1, true) then
            return redis.call('ZCOUNT', readers, after, above_all)
        end
        told[7], told[8] = 0, 0
        return told
    end
    told[8] = count
    if ARGV[1] then
        local member = ':' .. ARGV[1]
        found = look_up(member) and {member, redis.call('ZSCORE', readers, member)} or {}
    else
        found = redis.call('ZREVRANGEBYSCORE', readers, above_all, after, 'WITHSCORES', 'LIMIT', 0, 100)
    end
end
local records = {}
if #found > 0 then
    local first, last = '-' .. found[#found], '-' .. found[2]
    local all = redis.call('ZREVRANGEBYSCORE', readers, first, last, 'LIMIT', 0, 200)
    for _, member in ipairs(all) do
        local length, rest = string.match(member, '^=(%d+) (.*)$')
        length = tonumber(length)
        if length then
            records[string.sub(rest, 1, length)] = string.sub(rest, length + 1)
        end
    end
end
told[7], told[8] = {}, told[8] or 0
for i = 1, #found, 2 do
    local deadline, token = tonumber(found[i + 1]), string.sub(found[i], 2)
    if is_reader(found[i], deadline) then
        table.insert(told[7], {token, deadline, records[token] or false})
    else
        told[8] = told[8] - 1
    end
end
return told
