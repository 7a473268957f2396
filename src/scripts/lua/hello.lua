-- HELLO: tells for how long this node may not vote because it may have forgotten locks, and what
-- settings its clients have.
-- KEYS  1 epoch
-- ARGV  1 identity of the server process: another one after each restart and promotion; '' unknown
--       2 for how many seconds it surely has forgotten nothing: its uptime, or 0
--       3 quarantine in ms  4 the client's configuration
--       5 '1' if a vote is to be asked for: what is not known yet is left here for those who come
--         later; '0' writes nothing
-- Returns {ms that remain of the quarantine, configuration of the first client, '' if there is none}
-- The epoch is a hash: identity, birth (us of this node's clock, before which it may have forgotten
-- anything) and configuration. Who first asks for a vote after a restart writes it, and all others,
-- who may come much later, reckon from the same birth.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local kept = redis.call('HMGET', KEYS[1], 'identity', 'birth', 'configuration')
local birth = tonumber(kept[2])
local configuration = kept[3] or ''
-- Who has other settings gets no vote here, so that nothing need be kept for it. A node that cannot
-- write, since its memory is full, then still tells them.
local records = ARGV[5] == '1' and (configuration == '' or configuration == ARGV[4])
local remaining = 0
if ARGV[1] ~= '' then
    -- A birth in the future was written before the clock was set back.
    if kept[1] ~= ARGV[1] or not birth or birth > now then
        birth = now - tonumber(ARGV[2]) * 1000000
        if records then
            redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'birth', string.format('%.0f', birth))
        end
    end
    remaining = birth + tonumber(ARGV[3]) * 1000 - now
end
if records and configuration == '' then
    configuration = ARGV[4]
    redis.call('HSET', KEYS[1], 'configuration', configuration)
end
return {math.max(0, math.ceil(remaining / 1000)), configuration}
