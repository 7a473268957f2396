# The seam: what lies outside, and the machine as it ships; paths from the root of the repository.
set(outside_sources
    src/outside/alarm_clock.cpp
    src/outside/environment.cpp
    src/outside/system/address_race.cpp
    src/outside/system/boot_timer.cpp
    src/outside/system/machine.cpp
    src/outside/system/name_lookup.cpp
    src/outside/system/tls_context.cpp
    src/outside/system/tls_failure.cpp
    src/outside/system/tls_stream.cpp
    src/outside/system/transport.cpp
)
