set(scripts_test_sources
    tests/scripts/embedded_test.cpp
)
