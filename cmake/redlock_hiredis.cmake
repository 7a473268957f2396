# Finds hiredis as redlock::hiredis. Used by our own build and installed beside redlockConfig.cmake:
# Debian 12's hiredis brings a CMake package that names no target, and others bring none at all.
include_guard()

find_path(REDLOCK_HIREDIS_INCLUDE hiredis/read.h REQUIRED)
find_library(REDLOCK_HIREDIS_LIBRARY hiredis REQUIRED)
mark_as_advanced(REDLOCK_HIREDIS_INCLUDE REDLOCK_HIREDIS_LIBRARY)

if(NOT TARGET redlock::hiredis)
    add_library(redlock::hiredis UNKNOWN IMPORTED)
    set_target_properties(redlock::hiredis PROPERTIES
        IMPORTED_LOCATION "${REDLOCK_HIREDIS_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${REDLOCK_HIREDIS_INCLUDE}")
endif()
