set(base_test_sources
    tests/base/duration_test.cpp
    tests/base/error_test.cpp
    tests/base/glob_test.cpp
    tests/base/recycled_test.cpp
    tests/base/turn_end_test.cpp
)
