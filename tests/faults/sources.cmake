# The judge, the store and the runner itself; paths from the root of the repository.
set(faults_test_sources
    tests/faults/judge_test.cpp
    tests/faults/outcome_test.cpp
    tests/faults/run_test.cpp
    tests/faults/store_test.cpp
)
