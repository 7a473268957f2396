-- ACQUIRE SHARED: gives one node's vote for a reader. Readers share the lock, and exclude whoever
-- else has it.
-- PARTS time acquire_alone fence held readers alone begin reader_set join
-- KEYS  1 lock  2 fence  3 readers
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 1: leaves the lock to those who wait in line, 0: does not look at them  [8 holder record]
-- Who begins a set of readers must be above the fence, who joins one above its `since`: readers are in
-- no order among themselves. Both raise the fence, and the mark of those who wait, a blank behind it,
-- stays. A set ends with its last reader, and not later. With a single reader it stands in the lock key.
-- Returns TIME in us                      granted
--         {0, PTTL of the lock, holder}   busy: somebody holds it here, or readers that nobody knows
--         {-1, fence or since, TIME in us, PTTL of the fence}
--                                         stale: P is not above it; equality is stale
--         {-2, TIME in us}                P is further from this node's clock than the window
--         {-3, 0, 1}                      others wait for it
--         {-4, TIME in us}                the token was released here, with a bar
-- Nothing is written unless it is granted. With 0 and -3 the lock key has been read here, so that
-- client tracking tells of its next change.
if excluded then
    return {0, redis.call('PTTL', KEYS[1]), type(held) == 'string' and held or ''}
end
if stale then
    return stale_answer()
end
if blank == ' ' and ARGV[7] == '1' then
    return {-3, 0, 1}
end
join(ARGV[8])
return now
