-- The common case comes before the functions that the others need, since to make these costs as much
-- as what is done here: nobody has the lock, and nobody waits for it.
-- ARGV  1 token  4 lease time in ms  8 holder record
if not holder and blank == '' and not is_stale() then
    begin_set(ARGV[1], now_ms() + tonumber(ARGV[4]), ARGV[8])
    raise()
    return now
end
