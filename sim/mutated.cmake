# The files that some mutant replaces are compiled one by one, here and in the library.
file(GLOB descriptions CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/mutants/*.txt")
foreach(description IN LISTS descriptions)
    file(STRINGS "${description}" path REGEX "^file: .*cpp$")
    string(REPLACE "file: " "" path "${path}")
    list(APPEND mutated "${path}")
endforeach()
list(REMOVE_DUPLICATES mutated)
redlock_from_root(mutated)
foreach(file IN LISTS mutated)
    set_source_files_properties("${file}" DIRECTORY "${PROJECT_SOURCE_DIR}/sim"
        TARGET_DIRECTORY redlock PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endforeach()
