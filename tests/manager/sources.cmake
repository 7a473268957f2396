set(manager_test_sources
    tests/manager/arguments_test.cpp
    tests/manager/completion_test.cpp
    tests/manager/kept_list_test.cpp
    tests/manager/options_test.cpp
    tests/manager/read_operations_test.cpp
    tests/manager/verdict_test.cpp
)
