set(support_sources
    tests/support/redis_server.cpp
)
