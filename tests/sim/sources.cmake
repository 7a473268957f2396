set(sim_test_sources
    tests/sim/checker_test.cpp
    tests/sim/shrink_test.cpp
)
