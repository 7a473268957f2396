# What a shared library shows: what is marked REDLOCK_API, and Asio, of which a program must have one
# copy. Asio keeps per thread which event loop runs there; a library with a copy of its own would not
# see the program's.
include_guard()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ warns of public classes that hold pointers to hidden ones.
    target_compile_options(redlock PRIVATE -Wno-attributes)
endif()
get_target_property(redlock_type redlock TYPE)
if(redlock_type STREQUAL "SHARED_LIBRARY")
    # Before all else, so that nothing of Asio is first seen as hidden.
    target_compile_options(redlock PRIVATE
        -include "${PROJECT_SOURCE_DIR}/cmake/visible_asio.hpp")
    target_link_options(redlock PRIVATE
        "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exported.map")
    set_property(TARGET redlock APPEND PROPERTY LINK_DEPENDS
                 "${PROJECT_SOURCE_DIR}/cmake/exported.map")
endif()
