set(prometheus_test_sources
    tests/prometheus/metrics_observer_test.cpp
)
