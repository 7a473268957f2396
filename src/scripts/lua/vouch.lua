-- VOUCH: an operator's word that no lock can have been forgotten here, so that the node votes at
-- once; and that no client with another configuration than the next one's is left.
-- KEYS  1 epoch
-- ARGV  1 identity of the server process
-- Returns 1
redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'birth', '0')
redis.call('HDEL', KEYS[1], 'configuration')
return 1
