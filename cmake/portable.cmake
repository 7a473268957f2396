# For a command that runs wherever glibc is as old as this one or newer: of all other libraries, the
# archives are linked.
include_guard()

if(BUILD_SHARED_LIBS)
    message(FATAL_ERROR "REDLOCK_PORTABLE puts the library into the command: set BUILD_SHARED_LIBS=OFF")
endif()
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(Boost_USE_STATIC_LIBS ON)
# Debian has no archive of fmt.
set(redlock_fmt fmt::fmt-header-only)
add_link_options(-static-libgcc -static-libstdc++ -Wl,-z,relro,-z,now)
# As Debian compiles its packages.
add_compile_options(-fstack-protector-strong)
add_compile_definitions(_FORTIFY_SOURCE=2)
