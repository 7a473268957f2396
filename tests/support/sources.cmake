set(support_sources
    tests/support/child.cpp
    tests/support/redis_peer.cpp
    tests/support/redis_server.cpp
    tests/support/wrong_clock.cpp
)
