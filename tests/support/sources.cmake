set(support_sources
    tests/support/child.cpp
    tests/support/clocked_server.cpp
    tests/support/key_space.cpp
    tests/support/redis_cluster.cpp
    tests/support/redis_peer.cpp
    tests/support/redis_server.cpp
    tests/support/refusing_proxy.cpp
    tests/support/spreading_proxy.cpp
    tests/support/test_authority.cpp
    tests/support/watched_servers.cpp
    tests/support/wrong_clock.cpp
)

# A library of its own, see wrong_clock.hpp.
set(shifted_clock_sources
    tests/support/shifted_clock.cpp
)
