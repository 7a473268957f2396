-- KEEP PERMITS: keeps the number of permits of a semaphore here for as long as one of them is held.
-- KEYS  1 permits
-- ARGV  1 number of permits  2 its lifetime in ms  3 1: brings it where there is none, 0: does not
-- Returns 1 kept; 0 there is none, or other clients of the semaphore have another number here
local there = redis.call('GET', KEYS[1])
if (there or ARGV[3] == '1' and ARGV[1]) ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
