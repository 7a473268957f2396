# What every target of ours is compiled with and no user of the library ever inherits: the warnings,
# the sanitizers and the language level. Third-party headers stay outside as SYSTEM headers.
include_guard()

function(redlock_own_code target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    # Private: a user may go on using what Asio calls deprecated.
    target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
        -Woverloaded-virtual
        # g++ 12 takes a coroutine frame's own operator new and delete for a mismatch when it inlines
        # the coroutine into its only caller.
        $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
        # It takes an included file for a header, whose types several files see.
        $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
        # A batch fills half a gigabyte; g++ would look for garbage in it, time and again, in vain.
        $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:--param=ggc-min-heapsize=524288>
        $<$<BOOL:${REDLOCK_WERROR}>:-Werror>)
endfunction()

if(REDLOCK_SANITIZE)
    # For the whole build and not by target: half a sanitized program reports nonsense.
    add_compile_options(-fsanitize=${REDLOCK_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${REDLOCK_SANITIZE})
    if(REDLOCK_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++ warns of every fence in Asio's headers; the fences are not where our races would be.
        add_compile_options(-Wno-tsan)
    endif()
endif()

# For a folder whose lines run a few times and are compiled more often: the optimiser would be waited
# for.
macro(redlock_compile_quickly)
    add_compile_options($<$<CONFIG:Release>:-O0> $<$<CONFIG:Release>:-g0>)
endmacro()

# Prepends the repository root to each path of a list that a sources.cmake has set.
function(redlock_from_root list_name)
    list(TRANSFORM ${list_name} PREPEND "${PROJECT_SOURCE_DIR}/")
    set(${list_name} "${${list_name}}" PARENT_SCOPE)
endfunction()
