-- ACQUIRE ALL: gives one node's vote for an acquisition of several names: all of them, or none.
-- PARTS time several ballot several_free line
-- KEYS  for each name: lock, fence, line [holder: only with ARGV 13]
-- ARGV  1 token  2 ballot P, or 0: without fencing  3 last ballot of the block, P^  4 lease time in ms
--       5 clock window in us  6 fence lifetime in ms
--       7 to 10 as of acquire_in_line.lua  11 0: it takes no place; a ticket of 0: it does not wait
--       12 1: leaves free names to those who wait for one of them, 0: takes them  [13 holder record]
-- One ballot for all names: it is above the fence of each, and raises each. Unless all names are free,
-- nothing but the mark is written. It has no place in the lines. An acquisition that waits goes behind
-- the places that came before it, which it calls and passes over as others in line do; and it sets the
-- mark where a name is held, so that a later one lets others ask first. It sets the mark again with each
-- look; a grant leaves it only where somebody is in line.
-- Returns TIME in us                          granted
--         {0, PTTL, holder, 0, which}         busy: of the names that somebody holds here, the one
--                                             whose lease lasts longest
--         {-1, fence, TIME in us, PTTL of the fence, which}
--                                             stale: P is not above the largest fence
--         {-2, TIME in us}                    P is further from this node's clock than the window
--         {-3, ms, ahead}                     free, but a name is called for another until then; or
--                                             others wait for one
-- `which` counts the names from 0. All lock keys have been read here, so that client tracking tells of
-- the next change of each.
local turn
for i = 1, #KEYS, keys_of_each do
    if marks[i] == ' ' then
        read_line(KEYS[i + 2])
        local answer = wait_for_turn()
        if not answer then
            save({})
        elseif not turn or answer[2] > turn[2] then
            turn = answer
        end
    end
end
return turn or take_all()
