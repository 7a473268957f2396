# One program for each file in mutants/: the simulation with that fault, everything else shared. What
# is mutated comes first on the link line, and the first of two definitions counts; so the library
# compiles such a file by itself, where no other can have it inlined.

# Where mutants are built: away from what people run.
set(mutant_programs "${PROJECT_BINARY_DIR}/bin/mutants")

add_library(redlock_sim_main OBJECT main.cpp)
redlock_own_code(redlock_sim_main)
target_link_libraries(redlock_sim_main PRIVATE redlock_sim_objects)

# The scripts as C++, with one of them in another place.
function(redlock_embed_mutated path copy embedded)
    set(bodies ${script_bodies})
    list(TRANSFORM bodies REPLACE "^.*/${path}$" "${copy}")
    list(JOIN bodies "," bodies)
    add_custom_command(OUTPUT "${embedded}"
        COMMAND "${CMAKE_COMMAND}" "-DOUT=${embedded}" "-DSCRIPTS=${bodies}"
                -P "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake"
        DEPENDS "${copy}" ${script_bodies} "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/lua_text.cmake" VERBATIM)
endfunction()

function(redlock_sim_mutant description)
    get_filename_component(name "${description}" NAME_WE)
    file(STRINGS "${description}" path REGEX "^file: ")
    string(REPLACE "file: " "" path "${path}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${description}")
    set(copy "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${path}")
    add_custom_command(OUTPUT "${copy}"
        COMMAND "${CMAKE_COMMAND}" "-DMUTANT=${description}" "-DROOT=${PROJECT_SOURCE_DIR}"
                "-DOUT=${copy}" -P "${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake"
        DEPENDS "${description}" "${PROJECT_SOURCE_DIR}/${path}"
                "${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake"
        COMMENT "Mutant ${name}" VERBATIM)
    set(source "${copy}")
    if(path MATCHES "\\.lua$")
        set(source "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/embedded.cpp")
        redlock_embed_mutated("${path}" "${copy}" "${source}")
    elseif(NOT path MATCHES "\\.cpp$")
        message(FATAL_ERROR "${description}: a mutant replaces a .cpp file or a script")
    endif()
    set(target redlock_sim_${name})
    add_executable(${target} EXCLUDE_FROM_ALL "${source}" $<TARGET_OBJECTS:redlock_sim_main>)
    # A fault may well leave something unused: no warnings here.
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED)
    target_compile_options(${target} PRIVATE -w -UNDEBUG
        $<$<CONFIG:Release>:-O1> $<$<CONFIG:Release>:-g0>)
    # The headers beside the file are those of its folder.
    target_link_libraries(${target} PRIVATE redlock_sim_objects)
    target_link_options(${target} PRIVATE -Wl,--allow-multiple-definition)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} UNITY_BUILD OFF
                          RUNTIME_OUTPUT_DIRECTORY "${mutant_programs}")
    add_dependencies(redlock_sim_mutants ${target})
endfunction()

add_custom_target(redlock_sim_mutants)
include(mutants/list.cmake)
foreach(name IN LISTS sim_mutants)
    redlock_sim_mutant("${CMAKE_CURRENT_SOURCE_DIR}/mutants/${name}.txt")
endforeach()
