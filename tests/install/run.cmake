# Run by CTest: install into an empty prefix, move it, then build and run the consumer twice, once
# through find_package and once through pkg-config, and a user's test in a simulated world likewise.
# Moving it first proves that no path is baked in.
cmake_minimum_required(VERSION 3.25)

function(step what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${what}: ${status}\n${out}")
    endif()
    message(STATUS "${what}: ok")
endfunction()

file(REMOVE_RECURSE "${WORK}")
step("install" "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
file(RENAME "${WORK}/first" "${WORK}/prefix")
set(prefix "${WORK}/prefix")

foreach(file IN ITEMS include/redlock/redlock.hpp bin/redlock
                      share/bash-completion/completions/redlock share/zsh/site-functions/_redlock
                      share/fish/vendor_completions.d/redlock.fish ${LIBDIR}/pkgconfig/redlock.pc
                      ${LIBDIR}/cmake/redlock/redlockConfig.cmake include/redlock/testing.hpp
                      ${LIBDIR}/libredlock_testing.a ${LIBDIR}/pkgconfig/redlock-testing.pc
                      ${LIBDIR}/libredlock_prometheus.a ${LIBDIR}/pkgconfig/redlock-prometheus.pc)
    if(NOT EXISTS "${prefix}/${file}")
        message(FATAL_ERROR "not installed: ${file}")
    endif()
endforeach()
file(GLOB_RECURSE headers RELATIVE "${prefix}/include" "${prefix}/include/*")
foreach(header IN LISTS headers)
    if(NOT header MATCHES "^redlock/.*\\.hpp$")
        message(FATAL_ERROR "installed by mistake: include/${header}")
    endif()
endforeach()
step("the installed command" "${prefix}/bin/redlock" --help)
if(STRIPPED)
    execute_process(COMMAND nm "${prefix}/bin/redlock" OUTPUT_VARIABLE symbols ERROR_QUIET)
    if(symbols)
        message(FATAL_ERROR "the installed command is not stripped")
    endif()
endif()

# As if there were none: not looked for again.
set(without_lua -DREDLOCK_LUA_LIBRARY=OFF)
step("configure by find_package" "${CMAKE_COMMAND}" -G "${GENERATOR}"
     -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${WORK}/by_cmake"
     "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
     ${without_lua})  # which only the tests of users need
step("build by find_package" "${CMAKE_COMMAND}" --build "${WORK}/by_cmake")
step("run by find_package" "${WORK}/by_cmake/consumer")

set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
execute_process(COMMAND pkg-config --cflags --libs redlock RESULT_VARIABLE status
                OUTPUT_VARIABLE flags ERROR_VARIABLE problem)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "pkg-config: ${problem}")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
step("build by pkg-config" "${COMPILER}" -std=c++20 -Wall -Wextra -Werror
     "-DREDLOCK_EXPECTED_VERSION=\"${VERSION}\""
     "${CMAKE_CURRENT_LIST_DIR}/consumer/consumer.cpp" -o "${WORK}/by_pkg_config" ${flags}
     "-Wl,-rpath,${prefix}/${LIBDIR}")
step("run by pkg-config" "${WORK}/by_pkg_config")

# Built with another Asio than the library, a program must not link, and the linker must say why.
file(WRITE "${WORK}/other_asio.cpp" "#include <redlock/lock_manager.hpp>\nint main() {}\n")
execute_process(COMMAND "${COMPILER}" -std=c++20 "${WORK}/other_asio.cpp" -o "${WORK}/other_asio"
                        ${flags} -DBOOST_ASIO_ENABLE_HANDLER_TRACKING
                RESULT_VARIABLE status ERROR_VARIABLE problem)
if(status EQUAL 0 OR NOT problem MATCHES "redlock::needs::boost_[0-9]+_asio_[a-z_]+_handler_tracking")
    message(FATAL_ERROR "another Asio is not refused by name: ${status}\n${problem}")
endif()
message(STATUS "another Asio is refused by the linker: ok")

# The world to test in.
set(user_test -G "${GENERATOR}" -S "${CMAKE_CURRENT_LIST_DIR}/user_test"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}")
step("configure a test" "${CMAKE_COMMAND}" ${user_test} -B "${WORK}/test_by_cmake")
step("build a test" "${CMAKE_COMMAND}" --build "${WORK}/test_by_cmake")
step("run a test" "${WORK}/test_by_cmake/user_test")
execute_process(COMMAND pkg-config --cflags --libs redlock-testing RESULT_VARIABLE status
                OUTPUT_VARIABLE flags ERROR_VARIABLE problem)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "pkg-config redlock-testing: ${problem}")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
step("build a test by pkg-config" "${COMPILER}" -std=c++20 -Wall -Wextra -Werror
     "${CMAKE_CURRENT_LIST_DIR}/user_test/user_test.cpp" -o "${WORK}/test_by_pkg_config" ${flags}
     "-Wl,-rpath,${prefix}/${LIBDIR}")
step("run a test by pkg-config" "${WORK}/test_by_pkg_config")

# Metrics in the user's registry.
set(metrics_user -G "${GENERATOR}" -S "${CMAKE_CURRENT_LIST_DIR}/metrics_user"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}")
step("configure metrics" "${CMAKE_COMMAND}" ${metrics_user} -B "${WORK}/metrics_by_cmake")
step("build metrics" "${CMAKE_COMMAND}" --build "${WORK}/metrics_by_cmake")
step("run metrics" "${WORK}/metrics_by_cmake/metrics_user")
execute_process(COMMAND pkg-config --cflags --libs redlock-prometheus RESULT_VARIABLE status
                OUTPUT_VARIABLE flags ERROR_VARIABLE problem)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "pkg-config redlock-prometheus: ${problem}")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
step("build metrics by pkg-config" "${COMPILER}" -std=c++20 -Wall -Wextra -Werror
     "${CMAKE_CURRENT_LIST_DIR}/metrics_user/metrics_user.cpp" -o "${WORK}/metrics_by_pkg_config"
     ${flags} "-Wl,-rpath,${prefix}/${LIBDIR}")
step("run metrics by pkg-config" "${WORK}/metrics_by_pkg_config")

# Where a component is not to be had, the message says what to do.
function(refused why expected user)
    execute_process(COMMAND "${CMAKE_COMMAND}" ${${user}} -B "${WORK}/refused_${user}" ${ARGN}
                    RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE problem)
    string(REGEX REPLACE "[ \n]+" " " problem "${problem}")
    if(status EQUAL 0 OR NOT problem MATCHES "${expected}")
        message(FATAL_ERROR "${why}: ${status}\n${problem}")
    endif()
    message(STATUS "${why}, and that is said: ok")
endfunction()
refused("without Lua" "install liblua5[.]1-0-dev" user_test ${without_lua})
refused("without prometheus-cpp" "install prometheus-cpp-dev" metrics_user
        -DREDLOCK_PROMETHEUS_CPP_LIBRARY=OFF)
file(REMOVE "${prefix}/${LIBDIR}/cmake/redlock/redlockTestingTargets.cmake")
refused("without the component testing" "REDLOCK_TESTING=ON" user_test)
file(REMOVE "${prefix}/${LIBDIR}/cmake/redlock/redlockPrometheusTargets.cmake")
refused("without the component prometheus" "REDLOCK_PROMETHEUS=ON" metrics_user)
file(REMOVE_RECURSE "${WORK}")
