-- HELLO: tells for how long this node may not vote because it may have forgotten locks.
-- KEYS  1 epoch
-- ARGV  1 identity of the server process: another one after each restart and promotion
--       2 for how many seconds it surely has forgotten nothing: its uptime, or 0
--       3 quarantine in ms  4 the client's configuration
-- Returns {ms that remain of the quarantine, configuration of the first client}
-- The epoch is a hash: identity, birth (us of this node's clock, before which it may have forgotten
-- anything) and configuration. Who comes first after a restart writes it, and all others, who may
-- come much later, reckon from the same birth.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local kept = redis.call('HMGET', KEYS[1], 'identity', 'birth', 'configuration')
local birth = tonumber(kept[2])
-- A birth in the future was written before the clock was set back.
if kept[1] ~= ARGV[1] or not birth or birth > now then
    birth = now - tonumber(ARGV[2]) * 1000000
    redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'birth', string.format('%.0f', birth))
end
if not kept[3] then
    redis.call('HSET', KEYS[1], 'configuration', ARGV[4])
end
local remaining = birth + tonumber(ARGV[3]) * 1000 - now
return {math.max(0, math.ceil(remaining / 1000)), kept[3] or ARGV[4]}
