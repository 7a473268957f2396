set(scripts_test_sources
    tests/scripts/acquire_script_test.cpp
    tests/scripts/embedded_test.cpp
    tests/scripts/extend_script_test.cpp
    tests/scripts/release_script_test.cpp
    tests/scripts/script_node.cpp
)
