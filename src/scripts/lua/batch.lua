-- BATCH: several requests one after the other, as if each had come alone: for each an answer of its
-- own, and an error of one touches no other. Only where the memory is full, one that has written lets
-- the others write on. Calling a script costs a node more than what it does.
-- PARTS time together
-- ENDS carry_out
-- KEYS  of the first request, of the second, and so on
-- ARGV  for each request its form, such as "a2,7": its kind, how many keys it has and how many
--       arguments; and then these. Kinds: a ACQUIRE, e EXTEND, r RELEASE
-- Returns {answer of the first request, answer of the second, ...}; in place of an answer an error
local kinds = {a = acquire, e = extend, r = release}
