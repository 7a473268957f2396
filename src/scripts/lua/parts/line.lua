-- The line of those who wait here. It is a hash: place id -> "<ticket> <deadline in us of this node's
-- clock>", and "called <place id>" -> "<since when, in us>": the first place, while the lock waits for
-- it. The client that leaves deletes both by name. Nothing in it is trusted: what cannot be read is a
-- dead place, and a call that names nobody (or comes from a clock that has been set back since, and
-- would hold up the line) is none.
-- ARGV  7 place id  8 ticket  9 lease time of a place in ms  10 grace in ms  11 the most places
local line, usable, living, gone, last, ahead
local me = {id = ARGV[7], ticket = tonumber(ARGV[8]), written = ARGV[8]}
local calls, called, called_at, in_line

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
-- `ahead` has the places before mine. `which` tells of a place whether it holds me up; without it,
-- each does.
local holds_up
local function read_line(key, which)
    line, holds_up = key, which
    living, gone, last, ahead = {}, {}, 0, {}
    calls, called, called_at, in_line = {}, nil, nil, nil
    -- A line key that is something else altogether is nobody's line: everybody competes as without one.
    local content = redis.pcall('HGETALL', line)
    usable = not content.err
    if content.err and not string.find(content.err, 'WRONGTYPE', 1, true) then
        -- Once more, so that the error tells the line.
        return redis.call('HGETALL', line)
    end
    local now, limit = time(), 2 ^ 53
    for i = 1, usable and #content or 0, 2 do
        local id, value = content[i], content[i + 1]
        if string.sub(id, 1, 7) == 'called ' then
            calls[#calls + 1] = id
            local since = tonumber(string.match(value, '^%d+$') or '')
            if since and since <= now then
                called, called_at = string.sub(id, 8), since
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
    for _, place in ipairs(living) do
        if comes_before(place, me) then
            ahead[#ahead + 1] = place
        end
    end
end

-- Whoever is held up calls the first of all, and not the first that holds it up: two who call different
-- places would each end the other's call, and nobody would ever be passed over.
local function is_held_up()
    for _, place in ipairs(ahead) do
        if not holds_up or holds_up(place.id) then
            return true
        end
    end
    return false
end

-- Forgets what is gone and writes the fields given. The key lives as long as its last place, and
-- never for a shorter time than it was going to: places have leases of different lengths.
local function save(fields)
    -- In portions, since unpack has a limit that a key full of rubbish would reach.
    for i = 1, #gone, 1000 do
        redis.call('HDEL', line, unpack(gone, i, math.min(i + 999, #gone)))
    end
    if #fields > 0 then
        redis.call('HSET', line, unpack(fields))
        local lifetime = math.ceil((last - time()) / 1000)
        if redis.call('PTTL', line) < lifetime then
            redis.call('PEXPIRE', line, lifetime)
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
    local deadline = time() + tonumber(ARGV[9]) * 1000
    last = math.max(last, deadline)
    return {me.id, string.format('%s %.0f', me.written, deadline)}
end
local function forget_call()
    for _, field in ipairs(calls) do
        gone[#gone + 1] = field
    end
    calls, called = {}, nil
end

-- The lock is held: nobody is called.
local function wait_for_lock(remaining, holder)
    forget_call()
    save(my_place())
    return {0, remaining, type(holder) == 'string' and holder or '', #ahead}
end
-- The lock is mine but for those ahead. Passes over who was called and did not come within so many
-- graces; what to answer while one may still come, or nothing.
local function wait_for_turn(graces)
    local now, grace = time(), tonumber(ARGV[10]) * 1000 * (graces or 1)
    while is_held_up() do
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
                forget_call()
                called_at = now
                fields[#fields + 1] = 'called ' .. first
                fields[#fields + 1] = string.format('%.0f', now)
            end
            save(fields)
            return {-3, math.max(1, math.ceil((called_at + grace - now) / 1000)), #ahead}
        end
        gone[#gone + 1] = first
        forget_call()
        table.remove(ahead, at)
        for i = #living, 1, -1 do
            if living[i].id == first then
                table.remove(living, i)
            end
        end
    end
end
-- How many places are left without mine.
local function left_behind()
    return #living - (in_line and 1 or 0)
end
local function leave_line()
    if in_line then
        gone[#gone + 1] = me.id
    end
    forget_call()
    save({})
end
