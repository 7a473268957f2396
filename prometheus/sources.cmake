# Metrics for users' registries: a library beside the other; paths from the root of the repository.
set(prometheus_sources
    prometheus/metrics_observer.cpp
    prometheus/series.cpp
)
