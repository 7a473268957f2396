-- BATCH SHARED: a batch of readers' requests; see batch.lua. It is another script, since more functions
-- would make each batch dearer.
-- PARTS time together
-- ENDS carry_out
-- KEYS and ARGV as of batch.lua. Kinds: a ACQUIRE SHARED, e EXTEND SHARED, r RELEASE SHARED
local kinds = {a = acquire_shared, e = extend_shared, r = release_shared}
