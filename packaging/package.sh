#!/bin/sh
# Builds the Debian packages and the tarball of the command, into build/package. `./dev package` calls it.
#
# package.sh             build, check what the library shows, run lintian
# package.sh --test      the same, then install and use all of it in a fresh Debian, as root
# package.sh --symbols   write debian/libredlock0.symbols anew
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/fresh_root.sh
. tests/fresh_root.sh
out=$PWD/build/package
source=$out/source
asked=${1:-}

say() { printf '%s\n' "package: $*" >&2; }

# Shows the end of what a step wrote only if it fails.
quietly() {
    log=$out/$1.log
    shift
    "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; say "failed; all of it is in $log"; return 1; }
}

# debhelper gives a build a home of its own, where no cache is.
if command -v ccache >/dev/null 2>&1; then
    CCACHE_DIR=$(ccache --get-config cache_dir)
    export CCACHE_DIR
fi
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
[ -z "$asked" ] || [ "$asked" = --test ] || [ "$asked" = --symbols ] || {
    echo "usage: ./dev package [--test | --symbols]" >&2
    exit 64
}
if [ "$asked" = --test ] && [ "$(id -u)" -ne 0 ]; then
    say "--test must be root, for chroot and mount"
    exit 77
fi

mkdir -p "$out"
rm -f "$out"/*.deb "$out"/*.tar.gz "$out"/*.changes "$out"/*.buildinfo

build_packages() {
    say "building the packages"
    copy_tree "$source"
    # shellcheck disable=SC2016 # the inner shell's
    quietly build env DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS:-}" sh -c '
        cd "$1" && dpkg-buildpackage --build=binary --no-sign' sh "$source"
}

# A symbol that is gone has stopped the build already. One that is new has to be written down, or nobody
# would notice when it goes.
check_symbols() {
    sh packaging/symbols.sh "$(find "$source/debian/libredlock0" -name 'libredlock.so.*' -type f)" \
        debian/libredlock0.symbols >"$out/symbols"
    if [ "$asked" = --symbols ]; then
        cp "$out/symbols" debian/libredlock0.symbols
        say "written: debian/libredlock0.symbols"
    elif ! diff -u debian/libredlock0.symbols "$out/symbols"; then
        say "the library shows something else than debian/libredlock0.symbols tells: if that is meant," \
            "run ./dev package --symbols"
        return 1
    fi
}

check_packages() {
    say "lintian"
    lintian --allow-root --fail-on error,warning "$out"/*.changes
}

build_packages
check_symbols
[ "$asked" != --symbols ] || exit 0
check_packages
sh packaging/tarball.sh "$out" "$jobs"
if [ "$asked" = --test ]; then
    sh tests/packaging/test.sh "$out"
fi
(cd "$out" && du -b -- *.deb *.tar.gz 2>/dev/null |
    awk '{ printf "%8.0f kB  build/package/%s\n", $1 / 1000, $2 }')
