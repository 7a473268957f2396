-- What an acquisition asks first: whether its ballot is near enough to this node's clock.
-- ARGV  2 ballot P, or 0: without fencing  5 clock window in us
local now = time()
local ballot, window = tonumber(ARGV[2]), tonumber(ARGV[5])
local fenced = ballot > 0
if fenced and (ballot > now + window or ballot < now - window) then
    return {-2, now}
end
