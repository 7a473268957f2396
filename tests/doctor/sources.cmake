set(doctor_test_sources
    tests/doctor/diagnose_test.cpp
    tests/doctor/right_probes_test.cpp
    tests/doctor/server_facts_test.cpp
)
