-- VOUCH: an operator's word that no lock can have been forgotten here, so that the node votes at
-- once; and that no client with another configuration is left.
-- KEYS  1 epoch
-- ARGV  1 identity of the server process  2 the client's configuration
-- Returns 1
redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'birth', '0', 'configuration', ARGV[2])
return 1
