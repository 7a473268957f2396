# Turns Lua scripts into one C++ file:  cmake -DOUT=... -DSCRIPTS=a.lua,b.lua -P embed_lua.cmake
# What is embedded is the script without its whole-line comments and indentation, since that is what
# travels when a node has to be given the script again; the SHA1 is taken of exactly these bytes.

set(body "")
string(REPLACE "," ";" scripts "${SCRIPTS}")
foreach(path IN LISTS scripts)
    get_filename_component(name "${path}" NAME_WE)
    file(READ "${path}" text)
    if(text MATCHES "--\\[=*\\[" OR text MATCHES "\\)lua\"" OR text MATCHES "\r")
        message(FATAL_ERROR "${path}: no block comments, no ')lua\"' and no CR, please: "
                            "the embedding is line by line")
    endif()
    set(text "\n${text}\n")
    # Lines that are only a comment or blank, then what indentation and trailing blanks are left.
    # A blank line needs a repeat because matches do not overlap.
    string(REGEX REPLACE "\n[ \t]*--[^\n]*" "\n" text "${text}")
    string(REGEX REPLACE "[ \t]*\n[ \t\n]*" "\n" text "${text}")
    string(REGEX REPLACE "^\n" "" text "${text}")
    string(SHA1 sha1 "${text}")
    string(APPEND body "constinit const script ${name}{\n"
                       "    \"${name}\",\n    \"${sha1}\",\n    R\"lua(${text})lua\"};\n\n")
endforeach()

file(WRITE "${OUT}" "// Made from src/scripts/lua/*.lua by cmake/embed_lua.cmake: do not edit.
#include \"scripts/scripts.hpp\"

namespace redlock::scripts {

${body}}  // namespace redlock::scripts
")
