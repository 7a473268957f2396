# shellcheck shell=sh disable=SC2154 # the clang, which ./dev sets
# The parts of ./dev check, for ./dev, which sources this: it says which clang there is, and how to speak.

# All files of ours with one of the given endings, sorted.
our_files() {
    for ending in "$@"; do
        find include src testing prometheus sim tests faults bench examples docs python packaging -name "*.$ending" -type f
    done | sort
}

check_format() {
    our_files hpp cpp | xargs "clang-format-$clang" --dry-run -Werror
}

check_shell() {
    { echo dev; echo .ci/run; echo models/run; our_files sh; } | xargs shellcheck
}

# One unit under clang-tidy. A stamp remembers a clean pass over exactly these bytes, so that only what
# changed is studied again; a header counts for every unit.
tidy_one() {
    unit=$1
    # A unit of several files only includes them. Its settings are those of the folder they lie in.
    files=$(sed -n 's/^#include "\(.*\.cpp\)"$/\1/p' "$unit")
    files=${files:-$unit}
    settings=$(dirname "$(echo "$files" | head -n 1)")
    while [ ! -e "$settings/.clang-tidy" ]; do settings=$(dirname "$settings"); done
    # shellcheck disable=SC2086 # a list of words
    stamp="build-tidy/stamps/$(cat $files build-tidy/stamps/headers | sha256sum | cut -d ' ' -f 1)"
    [ ! -e "$stamp" ] || return 0
    if "clang-tidy-$clang" -p build-tidy --quiet --config-file="$settings/.clang-tidy" "$unit" \
        >"$stamp.out" 2>"$stamp.err"; then
        rm -f "$stamp.err"
        mv "$stamp.out" "$stamp"
    else
        cat "$stamp.out" "$stamp.err"
        rm -f "$stamp.out" "$stamp.err"
        say "clang-tidy: $files"
        return 1
    fi
}

# clang-tidy spends most of its time in the headers of Asio, so it reads the files of a target together.
check_tidy() {
    cmake --preset tidy >&2
    mkdir -p build-tidy/stamps
    # What every unit's result depends on besides its own files: headers, settings, flags.
    {
        our_files hpp | xargs cat
        find . -name .clang-tidy -not -path './build*' | sort | xargs cat
        cat CMakePresets.json cmake/own_code.cmake
    } | sha256sum >build-tidy/stamps/headers
    sed -n 's/^  "file": "\(.*\)",*$/\1/p' build-tidy/compile_commands.json |
        grep -v -e /src/asio.cpp -e /embedded.cpp -e /troubleshooting_pages.cpp -e _verify_interface_header_sets | sort -u |
        xargs -P "$(nproc)" -n 1 ./dev tidy-one
}

check_house() {
    sh tests/tidy/house.sh . && sh tests/tidy/house_test.sh
}

check_headers() {
    cmake --build build --target all_verify_interface_header_sets >&2
}
