-- ACQUIRE IN LINE: gives one node's vote for an acquisition that stands in the fair ticket line: the
-- lock goes to the oldest place that is still alive, and one that does not come for it is passed over.
-- KEYS  1 lock  2 fence  3 line  [4 holder: only with ARGV 12]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 place id: has a '-' in it, and so is never "called"
--       8 ticket: an integer below 2^53, smaller came earlier  9 lease time of a place in ms
--       10 grace in ms  11 the most places a line has  [12 holder record]
-- The line is a hash: place id -> "<ticket> <deadline in us of this node's clock>", and
-- called -> "<place id> <since when, in us>": the first place, while the lock waits for it.
-- Returns {TIME in us, places left}               granted; its place is gone
--         {0, PTTL of the lock, holder, ahead}    busy: somebody holds it here
--         {-1, fence, TIME in us, PTTL of the fence}
--                                                 stale; its place stays
--         {-2, TIME in us}                        P is further from this clock than the window
--         {-3, ms, ahead}                         free, but called for another until then
-- `ahead` counts the living places before this one. With 0 and -3 the lock key has been read here
-- and was not written after, so that client tracking tells of its next change.
-- A place that is taken here, or renewed, is told to acquire.lua by a mark: a blank behind the number
-- that is the fence. It stays as long as anybody is left in line when the lock is granted; what else
-- ends places leaves it to the next who asks here. The common path, nobody in line, has five calls.
-- Without fencing the fence is only that mark: the number behind which it stands is not looked at.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local ballot, window = tonumber(ARGV[2]), tonumber(ARGV[5])
local fenced = ballot > 0
if fenced and (ballot > now + window or ballot < now - window) then
    return {-2, now}
end

-- A line key that is something else altogether is nobody's line: everybody competes as without one.
local content = redis.pcall('HGETALL', KEYS[3])
local usable = not content.err
if content.err and not string.find(content.err, 'WRONGTYPE', 1, true) then
    -- Once more, so that the error tells the line.
    return redis.call('HGETALL', KEYS[3])
end

local kept = redis.call('GET', KEYS[2])
local fence = tonumber(kept or '') or 0
local stale = fenced and fence >= ballot

-- Nothing in the hash is trusted: what cannot be read is a dead place, and a call that names nobody
-- (or comes from a clock that has been set back since, and would hold up the line) is none.
local limit = 2 ^ 53
local living, gone, last = {}, {}, 0
local me = {id = ARGV[7], ticket = tonumber(ARGV[8]), written = ARGV[8]}
local has_call, called, called_at, in_line
for i = 1, usable and #content or 0, 2 do
    local id, value = content[i], content[i + 1]
    if id == 'called' then
        has_call = true
        called, called_at = string.match(value, '^(.+) (%d+)$')
        called_at = tonumber(called_at)
        if called and called_at > now then
            called = nil
        end
    else
        local written, deadline = string.match(value, '^(%d+) (%d+)$')
        local ticket = tonumber(written)
        deadline = tonumber(deadline)
        if ticket and ticket < limit and deadline < limit and deadline > now then
            local place = {id = id, ticket = ticket, written = written}
            living[#living + 1] = place
            last = math.max(last, deadline)
            if id == me.id then
                me, in_line = place, true
            end
        else
            gone[#gone + 1] = id
        end
    end
end

-- Bytes, not '<' on strings: that follows each server's locale, and the nodes must agree.
local function comes_before(a, b)
    if a.ticket ~= b.ticket then
        return a.ticket < b.ticket
    end
    for i = 1, math.min(#a.id, #b.id) do
        local x, y = string.byte(a.id, i), string.byte(b.id, i)
        if x ~= y then
            return x < y
        end
    end
    return #a.id < #b.id
end
local ahead = {}
for _, place in ipairs(living) do
    if comes_before(place, me) then
        ahead[#ahead + 1] = place
    end
end

-- Forgets what is gone and writes the fields given. The key lives as long as its last place, and
-- never for a shorter time than it was going to: places have leases of different lengths.
local function save(fields)
    -- In portions, since unpack has a limit that a key full of rubbish would reach.
    for i = 1, #gone, 1000 do
        redis.call('HDEL', KEYS[3], unpack(gone, i, math.min(i + 999, #gone)))
    end
    if #fields > 0 then
        redis.call('HSET', KEYS[3], unpack(fields))
        local lifetime = math.ceil((last - now) / 1000)
        if redis.call('PTTL', KEYS[3]) < lifetime then
            redis.call('PEXPIRE', KEYS[3], lifetime)
        end
    end
end
-- The mark, at a fence that lives no longer for it; where there is none, for as long as my place.
local function mark()
    if not kept or kept == '0 ' then
        redis.call('SET', KEYS[2], '0 ', 'PX', ARGV[9])
    elseif string.sub(kept, -1) ~= ' ' then
        redis.call('SET', KEYS[2], kept .. ' ', 'KEEPTTL')
    end
end
local function unmark()
    if kept == '0 ' then
        redis.call('DEL', KEYS[2])
    elseif kept and string.sub(kept, -1) == ' ' then
        redis.call('SET', KEYS[2], string.sub(kept, 1, -2), 'KEEPTTL')
    end
end
-- My place for another lease, under the ticket it has already; nothing where there is no room.
local function my_place()
    if not usable or not (in_line or #living < tonumber(ARGV[11])) then
        return {}
    end
    mark()
    local deadline = now + tonumber(ARGV[9]) * 1000
    last = math.max(last, deadline)
    return {me.id, string.format('%s %.0f', me.written, deadline)}
end
local function forget_call()
    if has_call then
        gone[#gone + 1] = 'called'
    end
    has_call, called = false, nil
end

local function take()
    return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[4])
end
if #ahead > 0 or stale or not take() then
    local holder = redis.pcall('GET', KEYS[1])
    if holder or (#ahead == 0 and not stale) then
        local remaining = redis.call('PTTL', KEYS[1])
        forget_call()
        save(my_place())
        return {0, remaining, type(holder) == 'string' and holder or '', #ahead}
    end
    local grace = tonumber(ARGV[10]) * 1000
    while #ahead > 0 do
        local at = 1
        for i = 2, #ahead do
            if comes_before(ahead[i], ahead[at]) then
                at = i
            end
        end
        local first = ahead[at].id
        if called ~= first or now < called_at + grace then
            local fields = my_place()
            if called ~= first then
                called_at = now
                fields[#fields + 1] = 'called'
                fields[#fields + 1] = string.format('%s %.0f', first, now)
            end
            save(fields)
            return {-3, math.max(1, math.ceil((called_at + grace - now) / 1000)), #ahead}
        end
        -- It was called and did not come.
        gone[#gone + 1] = first
        forget_call()
        table.remove(ahead, at)
        for i = #living, 1, -1 do
            if living[i].id == first then
                table.remove(living, i)
            end
        end
    end
    if stale then
        save({})
        return {-1, fence, now, redis.call('PTTL', KEYS[2])}
    end
    take()
end

local left = #living - (in_line and 1 or 0)
if fenced then
    redis.call('SET', KEYS[2], ARGV[3] .. (left > 0 and ' ' or ''), 'PX', ARGV[6])
elseif left > 0 then
    mark()
else
    unmark()
end
if KEYS[4] then
    redis.call('SET', KEYS[4], ARGV[12], 'PX', ARGV[4])
end
if in_line then
    gone[#gone + 1] = me.id
end
forget_call()
save({})
return {now, left}
