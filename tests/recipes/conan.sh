#!/bin/sh
# Builds Conan's package, and a program that uses it. What it requires comes from this Debian and not from Conan's
# registry, which is not asked.
#
# conan.sh FOLDER, with conan in FOLDER/bin
set -eu
cd "$(dirname "$0")/../.."
folder=$1
say() { printf '%s\n' "recipes: $*" >&2; }

# upstream PACKAGE: its version without Debian's part.
upstream() {
    dpkg-query -W -f '${source:Upstream-Version}\n' "$1" | head -n 1 | sed 's/^[0-9]*://; s/+.*//'
}
boost=$(sed -n 's/.*BOOST_LIB_VERSION "\([0-9]*\)_\([0-9]*\).*/\1.\2.0/p' /usr/include/boost/version.hpp)
{
    "$folder/bin/conan" profile detect --force >/dev/null 2>&1
    sed 's/^compiler.cppstd=.*/compiler.cppstd=20/' "$CONAN_HOME/profiles/default"
    cat <<END_OF_PROFILE
[platform_requires]
boost/$boost
cli11/$(upstream libcli11-dev)
fmt/$(upstream libfmt-dev)
hiredis/$(upstream libhiredis-dev)
openssl/$(upstream libssl-dev)
tomlplusplus/$(upstream libtomlplusplus-dev)
END_OF_PROFILE
} >"$folder/profile"

say "building Conan's package"
"$folder/bin/conan" create packaging/conan --profile:all "$folder/profile" --no-remote \
    --conf tools.build:jobs="$(nproc)" --conf tools.cmake.cmaketoolchain:generator=Ninja \
    --conf tools.cmake.cmake_layout:test_folder="$folder/user" >"$folder/conan.log" 2>&1 ||
    { tail -n 40 "$folder/conan.log" >&2; exit 1; }
say "a program was built with Conan's package, and ran"
