# `cmake --install`: headers, libraries, CMake package, pkg-config files, command, man page, licence.
# Everything is found relative to where it lies, so the prefix may be moved afterwards.
include_guard()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/redlock")
set(generated "${PROJECT_BINARY_DIR}/package")

# The component `library`, by itself, needs only the library built.
install(TARGETS redlock EXPORT redlock_targets
        ARCHIVE COMPONENT library LIBRARY COMPONENT library FILE_SET HEADERS COMPONENT library
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT redlock_targets NAMESPACE redlock:: FILE redlockTargets.cmake
        DESTINATION "${package_dir}" COMPONENT library)

get_target_property(redlock_type redlock TYPE)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/redlockConfig.cmake.in"
    "${generated}/redlockConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${generated}/redlockConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${generated}/redlockConfig.cmake" "${generated}/redlockConfigVersion.cmake"
        DESTINATION "${package_dir}" COMPONENT library)

# A static library brings its own needs along. A shared one has linked them, and names none: pkg-config
# would want their files to be there, even those of Requires.private.
if(redlock_type STREQUAL "STATIC_LIBRARY")
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/redlock_hiredis.cmake"
            DESTINATION "${package_dir}" COMPONENT library)
    set(pc_requires "Requires: hiredis fmt openssl\n")
    set(pc_libs "-lboost_url -pthread")
else()
    set(pc_requires "")
    set(pc_libs "-pthread")
endif()
set(pc_define "")
if(REDLOCK_EMBED_ASIO)
    set(pc_define " -DBOOST_ASIO_SEPARATE_COMPILATION")
endif()
file(RELATIVE_PATH pc_prefix "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/redlock.pc.in" "${generated}/redlock.pc" @ONLY)
install(FILES "${generated}/redlock.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
        COMPONENT library)

# The world to test in, which needs more than the library does.
if(TARGET redlock_testing)
    install(TARGETS redlock_testing EXPORT redlock_testing_targets FILE_SET HEADERS
            INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(EXPORT redlock_testing_targets NAMESPACE redlock:: FILE redlockTestingTargets.cmake
            DESTINATION "${package_dir}")
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/redlock_lua.cmake" DESTINATION "${package_dir}")
    # -llua5.1, or whatever it is called here.
    get_filename_component(pc_lua "${REDLOCK_LUA_LIBRARY}" NAME)
    string(REGEX REPLACE "^lib(.*)[.](so|a|dylib)$" "-l\\1" pc_lua "${pc_lua}")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/redlock-testing.pc.in"
                   "${generated}/redlock-testing.pc" @ONLY)
    install(FILES "${generated}/redlock-testing.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# Metrics in a registry of the user's, which need prometheus-cpp.
if(TARGET redlock_prometheus)
    install(TARGETS redlock_prometheus EXPORT redlock_prometheus_targets FILE_SET HEADERS
            INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(EXPORT redlock_prometheus_targets NAMESPACE redlock:: FILE redlockPrometheusTargets.cmake
            DESTINATION "${package_dir}")
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/redlock_prometheus_cpp.cmake"
            DESTINATION "${package_dir}")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/redlock-prometheus.pc.in"
                   "${generated}/redlock-prometheus.pc" @ONLY)
    install(FILES "${generated}/redlock-prometheus.pc"
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# The component `command`: what a machine needs that only runs it.
if(TARGET redlock_command)
    install(TARGETS redlock_command COMPONENT command)
    # Of no use to those who only run it, and nine tenths of its size.
    if(CMAKE_STRIP AND CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$" AND NOT REDLOCK_SANITIZE)
        install(CODE "execute_process(COMMAND \"${CMAKE_STRIP}\"
            \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/redlock\" COMMAND_ERROR_IS_FATAL ANY)"
            COMPONENT command)
    endif()
    if(EXISTS "${PROJECT_SOURCE_DIR}/docs/man/redlock.1")
        install(FILES "${PROJECT_SOURCE_DIR}/docs/man/redlock.1"
                DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT command)
    endif()
    if(EXISTS "${PROJECT_SOURCE_DIR}/completions/redlock.bash")
        install(FILES "${PROJECT_SOURCE_DIR}/completions/redlock.bash" RENAME redlock
                DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT command)
        install(FILES "${PROJECT_SOURCE_DIR}/completions/_redlock"
                DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" COMPONENT command)
        install(FILES "${PROJECT_SOURCE_DIR}/completions/redlock.fish"
                DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" COMPONENT command)
    endif()
endif()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/docs/redlock.schema.json"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT command)
