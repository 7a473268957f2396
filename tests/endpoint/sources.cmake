set(endpoint_test_sources
    tests/endpoint/endpoint_test.cpp
)
