-- The common case comes before the functions that the others need, since to make these costs as much
-- as what is done here: a plain release of the last living reader.
-- ARGV  as of release_shared.lua
local token, mine = ARGV[1], ':' .. ARGV[1]
local bar, keep = tonumber(ARGV[2] or '0') or 0, tonumber(ARGV[6] or '0') or 0
local known, barred
if held == marker then
    known, barred = look_up(mine)
    local plain = bar == 0 and ARGV[5] ~= '1' and keep <= 0
    if known and plain and count_living() == 1 and since() then
        redis.call('DEL', KEYS[1], readers)
        return 1
    end
end
