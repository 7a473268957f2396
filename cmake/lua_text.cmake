# What of a Lua script travels: redlock_lua_texts(PATH...) sets lua_names, and lua_text_NAME for each.
# What a script has in common with others is in its parts. A line "-- PARTS NAME..." of its opening
# comment names them, in the order in which they stand before it.
# A request is a function, which the batch calls once for each of its requests; for that, the batch
# stands behind its parts and all requests. A request alone pays for no function: its text is the
# function's body, with its own keys and arguments, and calls of Redis in place of `read` and `peek`,
# which have a key's number, and `remove`, which has a key.
# So may be what a script does first, a part called after it: acquire_alone of acquire_shared.
# Whole-line comments and indentation are left out, since a node may have to be given the script again.

function(read_lua path result)
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
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

# The parts that a script names, in a list.
function(read_lua_parts path result)
    file(READ "${path}" text)
    set(named "")
    if(text MATCHES "\n-- PARTS ([a-z_ ]+)\n")
        string(REPLACE " " ";" named "${CMAKE_MATCH_1}")
    endif()
    set(${result} "${named}" PARENT_SCOPE)
endfunction()

# A request's text where it travels alone.
function(body_of_request name function result)
    string(REGEX REPLACE "\nlocal function ${name}\\([^)]*\\)\n(.*\n)end\n$" "\n\\1" text "\n${function}")
    string(REGEX REPLACE "read\\(k \\+ ([0-9])\\)" "redis.call('GET', KEYS[\\1])" text "${text}")
    string(REGEX REPLACE "peek\\(k \\+ ([0-9])\\)" "redis.pcall('GET', KEYS[\\1])" text "${text}")
    string(REPLACE "remove(" "redis.call('DEL', " text "${text}")
    string(REPLACE "[k + " "[" text "${text}")
    string(REPLACE "[a + " "[" text "${text}")
    string(REGEX REPLACE "^\n" "" text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

function(redlock_lua_texts)
    set(requests acquire extend release)
    set(first_requests acquire_alone extend_alone release_alone)
    set(all_requests "")
    set(names "")
    foreach(path IN LISTS ARGN)
        get_filename_component(name "${path}" NAME_WE)
        read_lua("${path}" text)
        if(path MATCHES "/parts/")
            set(part_${name} "${text}")
        else()
            list(APPEND names "${name}")
            set(text_${name} "${text}")
            read_lua_parts("${path}" parts_${name})
            if(name IN_LIST requests)
                string(APPEND all_requests "${text}")
            endif()
        endif()
    endforeach()
    foreach(name IN LISTS names)
        set(text "${text_${name}}")
        set(before "")
        foreach(part IN LISTS parts_${name})
            if(NOT DEFINED part_${part})
                message(FATAL_ERROR "${name}.lua: there is no part ${part}")
            endif()
            if(part IN_LIST first_requests)
                body_of_request(${part} "${part_${part}}" body)
                string(APPEND before "local keys, arguments = #KEYS, #ARGV\n${body}")
                continue()
            endif()
            string(APPEND before "${part_${part}}")
        endforeach()
        if(name IN_LIST requests)
            body_of_request(${name} "${text}" text)
            string(APPEND before "local keys, arguments = #KEYS, #ARGV\n")
        elseif(name STREQUAL batch)
            string(APPEND before "${all_requests}")
        endif()
        set(lua_text_${name} "${before}${text}" PARENT_SCOPE)
    endforeach()
    set(lua_names "${names}" PARENT_SCOPE)
endfunction()
