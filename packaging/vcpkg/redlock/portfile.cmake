# An overlay port that builds the source tree in which it lies. In the tree's root:
#   vcpkg install redlock --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    FEATURES
        command REDLOCK_COMMAND
)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DREDLOCK_EXAMPLES=OFF
        -DREDLOCK_BENCH=OFF
        -DREDLOCK_TESTS=OFF
        -DREDLOCK_TESTING=OFF
        -DREDLOCK_PROMETHEUS=OFF
        -DREDLOCK_WERROR=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/redlock)
vcpkg_fixup_pkgconfig()
vcpkg_copy_pdbs()
if("command" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES redlock AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
