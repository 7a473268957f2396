# Finds the core of prometheus-cpp as redlock::prometheus_cpp. Used by our own build and installed beside
# redlockConfig.cmake: its own CMake package also wants what its other parts need, a web server and curl
# among that. Without it there is no such target, and redlock_prometheus_cpp_lacking says what to do.
include_guard()

find_library(REDLOCK_PROMETHEUS_CPP_LIBRARY prometheus-cpp-core)
find_path(REDLOCK_PROMETHEUS_CPP_INCLUDE prometheus/registry.h)
mark_as_advanced(REDLOCK_PROMETHEUS_CPP_LIBRARY REDLOCK_PROMETHEUS_CPP_INCLUDE)
set(redlock_prometheus_cpp_lacking "redlock::prometheus needs prometheus-cpp, which was not found. On Debian, install prometheus-cpp-dev.")

if(REDLOCK_PROMETHEUS_CPP_LIBRARY AND REDLOCK_PROMETHEUS_CPP_INCLUDE AND NOT TARGET redlock::prometheus_cpp)
    add_library(redlock::prometheus_cpp UNKNOWN IMPORTED)
    set_target_properties(redlock::prometheus_cpp PROPERTIES
        IMPORTED_LOCATION "${REDLOCK_PROMETHEUS_CPP_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${REDLOCK_PROMETHEUS_CPP_INCLUDE}")
endif()
