set(sim_test_sources
    tests/sim/checker_test.cpp
    tests/sim/node_model_test.cpp
    tests/sim/parts_test.cpp
    tests/sim/shrink_test.cpp
)
