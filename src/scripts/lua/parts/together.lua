-- How the requests of a batch read and delete keys: all at once, since each call costs more than
-- what it does. No two of a batch are about the same lock, so that none changes what another reads.
-- What is not there, or no text, is looked at by itself: then the error is its own.
local all = redis.pcall('MGET', unpack(KEYS))
local function read(key)
    return all[key] or redis.call('GET', KEYS[key])
end
-- The key's text; whatever else it has does not matter.
local function peek(key)
    return all[key]
end
local doomed = {}
local function remove(key)
    doomed[#doomed + 1] = key
    return 1
end
