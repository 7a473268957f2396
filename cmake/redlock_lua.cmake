# Finds Lua 5.1, as Redis has it, as redlock::lua: scripts mean something else in later versions. Used
# by our own build and installed beside redlockConfig.cmake. Without it there is no such target, and
# redlock_lua_lacking says what to do.
include_guard()

find_library(REDLOCK_LUA_LIBRARY NAMES lua5.1 lua-5.1 lua51)
mark_as_advanced(REDLOCK_LUA_LIBRARY)
set(redlock_lua_lacking "redlock::testing needs Lua 5.1, which was not found. On Debian, install liblua5.1-0-dev.")

if(REDLOCK_LUA_LIBRARY AND NOT TARGET redlock::lua)
    add_library(redlock::lua UNKNOWN IMPORTED)
    set_target_properties(redlock::lua PROPERTIES IMPORTED_LOCATION "${REDLOCK_LUA_LIBRARY}")
endif()
