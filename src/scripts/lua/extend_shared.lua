-- EXTEND SHARED: resets the lease of a reader that this node knows; makes a reader of a writer that
-- holds the lock here; and puts a reader back where that is asked for and no writer can have come since.
-- PARTS time extend_alone fence readers alone begin reader_set
-- KEYS  1 lock  2 fence  3 readers
-- ARGV  1 token  2 last ballot of the block, P^ (0: none known, so that it is not put back)
--       3 lease time in ms  4 fence lifetime in ms  5 1: put it back, 0: do not  [6 holder record]
-- Returns TIME in us        extended, or its deadline was later already: none is ever brought forward
--         {2, TIME in us}   put back
--         {0, TIME in us}   somebody else has it here, who may be other readers
--         {-1, TIME in us}  nobody has it here
local begun, alone = alone_in(held or '')
local is_writer = held ~= marker and held == ARGV[1] and not is_readers(held)
-- Before the time is read: a lease is not shortened by what passes in between.
local remaining = is_writer and redis.call('PTTL', KEYS[1]) or 0
-- In a call with others the time has been read already, for the first of them.
us = not is_writer and us or nil
local now = time()
local last_ballot, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local heals = ARGV[5] == '1' and last_ballot > 0
local deadline = now_ms() + lease
local answer = now
local known, barred
if held == marker then
    known, barred = look_up(':' .. ARGV[1])
end
if is_writer then
    read_fence()
    -- First, since it needs no memory: what has the lock is not refused.
    redis.call('DEL', readers)
    begin(ARGV[1], math.max(lease, remaining), ARGV[6])
elseif known then
    settle(math.max(known, deadline))
    join_set(ARGV[1], known, deadline)
    if last_ballot > 0 then
        read_fence()
    end
elseif held == marker or alone then
    local ends = heals and alone and end_of_lock()
    begun = ends and begun or heals and held == marker and since()
    if not begun or barred or begun > last_ballot then
        return {0, now}
    end
    if alone then
        spill(begun, alone, ends)
    end
    join_set(ARGV[1], nil, deadline, ARGV[6])
    settle()
    read_fence()
    answer = {2, now}
elseif held then
    return {0, now}
else
    if heals then
        read_fence()
    end
    if not heals or fence > last_ballot then
        return {-1, now}
    end
    begin(ARGV[1], lease, ARGV[6])
    answer = {2, now}
end
if last_ballot > 0 then
    raise_fence(last_ballot, ARGV[4])
end
return answer
