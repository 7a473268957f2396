# What the parts need from the system. The library itself gets by with Boost's headers, Boost.URL,
# OpenSSL, hiredis, fmt and toml++; the rest is looked for only when a part that wants it is built.
include_guard()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3 REQUIRED)
# Its headers alone are used, by one file of ours: nothing is linked.
find_path(REDLOCK_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
mark_as_advanced(REDLOCK_TOMLPLUSPLUS_INCLUDE)
include("${CMAKE_CURRENT_LIST_DIR}/redlock_hiredis.cmake")

set(redlock_boost_parts url)
if(REDLOCK_COMMAND OR REDLOCK_EXAMPLES OR REDLOCK_BENCH OR REDLOCK_TESTS)
    list(APPEND redlock_boost_parts json)
endif()
if(REDLOCK_TESTS)
    list(APPEND redlock_boost_parts context)
endif()
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS ${redlock_boost_parts})

if(REDLOCK_TESTING)
    # Its headers only our own build needs.
    find_path(REDLOCK_LUA_INCLUDE lua.hpp PATH_SUFFIXES lua5.1 lua51 NO_CMAKE_FIND_ROOT_PATH)
    mark_as_advanced(REDLOCK_LUA_INCLUDE)
    include("${CMAKE_CURRENT_LIST_DIR}/redlock_lua.cmake")
    if(NOT REDLOCK_LUA_INCLUDE OR NOT TARGET redlock::lua)
        message(FATAL_ERROR "${redlock_lua_lacking} Or set REDLOCK_TESTING=OFF.")
    endif()
endif()
if(REDLOCK_COMMAND)
    find_package(CLI11 REQUIRED)
endif()
if(REDLOCK_TESTS)
    find_package(GTest REQUIRED)
    find_package(rapidcheck REQUIRED)
endif()
