-- The common case of EXTEND SHARED comes before the functions that the others need, since to make these
-- costs more than what is done here: its reader is alone. It has the calls of extend.lua.
-- KEYS and ARGV as of extend_shared.lua
local function extend_alone(k, keys, a, arguments)
    local held = read(k + 1)
    local begun, at = string.match(held or '', '^redlock:shared (%d+) ()')
    if at and string.sub(held, at) == ARGV[a + 1] and tonumber(begun) <= 2 ^ 53 then
        if redis.call('PTTL', KEYS[k + 1]) < tonumber(ARGV[a + 3]) then
            redis.call('PEXPIRE', KEYS[k + 1], ARGV[a + 3])
        end
        if ARGV[a + 2] ~= '0' then
            local kept = read(k + 2) or ''
            if (tonumber(kept) or 0) >= tonumber(ARGV[a + 2]) then
                redis.call('PEXPIRE', KEYS[k + 2], ARGV[a + 4])
            else
                local mark = string.sub(kept, -1) == ' ' and ' ' or ''
                redis.call('SET', KEYS[k + 2], ARGV[a + 2] .. mark, 'PX', ARGV[a + 4])
            end
        end
        return time()
    end
end
