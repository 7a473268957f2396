-- The slots of a semaphore. A slot is a lock with a key and a fence of its own. Beside them lies how many
-- there are, on which all clients have to agree.
-- KEYS  3 permits; the locks of the slots behind the asked one, as in a ring, are given by each script
-- What to answer if others have another number here.
local function disagreement(permits)
    local there = redis.pcall('GET', KEYS[3])
    if type(there) == 'table' then
        -- Once more, so that the error tells the line.
        return redis.call('GET', KEYS[3])
    end
    if there and there ~= permits then
        return {-5, tonumber(there) or 0}
    end
end
local function agree(permits, lifetime)
    redis.call('SET', KEYS[3], permits, 'PX', lifetime)
end
-- What stands under the locks of the others, so that client tracking tells of their next change.
local function read_slots(first, last)
    return first <= last and redis.call('MGET', unpack(KEYS, first, last)) or {}
end
-- The asked slot is taken: its holder, how many are ahead, and which others are free. The shortest lease
-- of those looked at counts, since any slot will do. What is no text is taken for free here; whoever
-- asks for it finds out.
local function taken(holder, ahead, permits, slot, first, last)
    local least = redis.call('PTTL', KEYS[1])
    local answer = {0, least, type(holder) == 'string' and holder or '', ahead}
    local keys = read_slots(first, last)
    local leases = 1
    for i = 1, #keys do
        if not keys[i] then
            if #answer < 20 then
                answer[#answer + 1] = (slot + i) % permits
            end
        elseif leases < 16 then
            leases = leases + 1
            local lease = redis.call('PTTL', KEYS[first + i - 1])
            if lease >= 0 and (least < 0 or lease < least) then
                least = lease
            end
        end
    end
    answer[2] = least
    return answer
end
