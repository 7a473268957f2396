-- VOUCH: an operator's word that no lock can have been forgotten here, so that the node votes at
-- once; and that no client with another configuration than the next one's is left.
-- KEYS  1 epoch
-- Returns 1; 0 if the node does not know which server it is, since HELLO has not told
redis.call('HDEL', KEYS[1], 'configuration')
if redis.call('HEXISTS', KEYS[1], 'identity') == 0 then
    return 0
end
redis.call('HSET', KEYS[1], 'birth', '0')
return 1
