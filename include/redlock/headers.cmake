# The public headers: each is installed, and each compiles alone.
set(redlock_headers
    include/redlock/clock.hpp
    include/redlock/configuration.hpp
    include/redlock/duration.hpp
    include/redlock/endpoint.hpp
    include/redlock/error.hpp
    include/redlock/export.hpp
    include/redlock/health.hpp
    include/redlock/leader.hpp
    include/redlock/leadership.hpp
    include/redlock/lock.hpp
    include/redlock/lock_manager.hpp
    include/redlock/mutex.hpp
    include/redlock/observer.hpp
    include/redlock/options.hpp
    include/redlock/redlock.hpp
    include/redlock/resource_names.hpp
    include/redlock/same_asio.hpp
    include/redlock/statistics.hpp
    include/redlock/status.hpp
    include/redlock/types.hpp
    include/redlock/version.hpp
    include/redlock/with_lock.hpp
)
# Those of redlock::testing, where that is built.
set(redlock_testing_headers
    include/redlock/testing.hpp
)
# Those of redlock::prometheus, where that is built.
set(redlock_prometheus_headers
    include/redlock/prometheus.hpp
)
