# One program for each file in mutants/: the simulation with that fault, everything else shared.

# Where mutants are built: away from what people run.
set(mutant_programs "${PROJECT_BINARY_DIR}/bin/mutants")

function(redlock_sim_mutant description)
    get_filename_component(name "${description}" NAME_WE)
    file(STRINGS "${description}" path REGEX "^file: ")
    string(REPLACE "file: " "" path "${path}")
    if(NOT path MATCHES "\\.cpp$")
        message(FATAL_ERROR "${description}: a mutant replaces one object, so its file must be a .cpp")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${description}")
    set_source_files_properties("${PROJECT_SOURCE_DIR}/${path}"
                                PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    set(copy "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${path}")
    add_custom_command(OUTPUT "${copy}"
        COMMAND "${CMAKE_COMMAND}" "-DMUTANT=${description}" "-DROOT=${PROJECT_SOURCE_DIR}"
                "-DOUT=${copy}" -P "${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake"
        DEPENDS "${description}" "${PROJECT_SOURCE_DIR}/${path}"
                "${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake"
        COMMENT "Mutant ${name}" VERBATIM)
    set(target redlock_sim_${name})
    get_filename_component(folder "${path}" DIRECTORY)
    get_filename_component(folder "${folder}" NAME)
    get_filename_component(file "${path}" NAME_WE)
    # In sim itself objects lie directly in the target's folder.
    string(REGEX REPLACE "^sim$" "redlock_sim_objects[.]dir(/[.])?" folder "${folder}")
    set(objects "$<TARGET_OBJECTS:redlock_sim_objects>")
    add_executable(${target} EXCLUDE_FROM_ALL "${copy}"
        $<FILTER:${objects},EXCLUDE,/${folder}/${file}[.]cpp[.]o$>)
    # A fault may well leave something unused: no warnings here.
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_compile_options(${target} PRIVATE -w $<$<CONFIG:Release>:-O1> $<$<CONFIG:Release>:-g0>)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}"
        "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(${target} PRIVATE Threads::Threads)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY "${mutant_programs}")
    add_dependencies(redlock_sim_mutants ${target})
endfunction()

add_custom_target(redlock_sim_mutants)
include(mutants/list.cmake)
foreach(name IN LISTS sim_mutants)
    redlock_sim_mutant("${CMAKE_CURRENT_SOURCE_DIR}/mutants/${name}.txt")
endforeach()
