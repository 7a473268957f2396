-- A reader that is alone, and has no record, needs no set. The lock key tells of it:
--   redlock:shared <since> <token>
-- `since` is the fence as it stood when it came, up to 2^53. The key ends with the reader, and what is
-- under the readers' key is over. A value that begins so and cannot be read stands for readers that
-- nobody knows.
-- Since when it reads, and its token.
local function alone_in(value)
    local number, at = string.match(value, '^redlock:shared (%d+) ()')
    number = tonumber(number or '')
    if number and number <= 2 ^ 53 then
        return number, string.sub(value, at)
    end
end
