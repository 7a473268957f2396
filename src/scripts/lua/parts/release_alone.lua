-- The common case of RELEASE SHARED comes before the functions that the others need, since to make these
-- costs more than what is done here: a plain release of a reader that is alone.
-- KEYS and ARGV as of release_shared.lua
local function release_alone(k, keys, a, arguments)
    local held = read(k + 1)
    if arguments == 1 then
        local begun, at = string.match(held or '', '^redlock:shared (%d+) ()')
        if at and string.sub(held, at) == ARGV[a + 1] and tonumber(begun) <= 2 ^ 53 then
            return remove(KEYS[k + 1])
        end
    end
end
