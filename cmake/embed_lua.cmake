# Turns Lua scripts into one C++ file:
#   cmake -DOUT=... -DSCRIPTS=a.lua,b.lua,parts/x.lua -P embed_lua.cmake
# The SHA1 is taken of exactly the bytes that travel; see lua_text.cmake.

cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/lua_text.cmake")
string(REPLACE "," ";" scripts "${SCRIPTS}")
redlock_lua_texts(${scripts})

set(body "")
foreach(name IN LISTS lua_names)
    set(text "${lua_text_${name}}")
    string(SHA1 sha1 "${text}")
    string(APPEND body "constinit const script ${name}{\n"
                       "    \"${name}\",\n    \"${sha1}\",\n    R\"lua(${text})lua\"};\n\n")
endforeach()

file(WRITE "${OUT}" "// Made from src/scripts/lua/*.lua by cmake/embed_lua.cmake: do not edit.
#include \"scripts/scripts.hpp\"

namespace redlock::scripts {

${body}}  // namespace redlock::scripts
")
