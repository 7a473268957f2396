set(manager_test_sources
    tests/manager/arguments_test.cpp
    tests/manager/completion_test.cpp
    tests/manager/error_test.cpp
    tests/manager/local_lines_test.cpp
    tests/manager/options_test.cpp
    tests/manager/verdict_test.cpp
)
