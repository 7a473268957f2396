#!/bin/sh
# The benchmark for about half a second a line: every line of its tables is there, without an error.
# A line for more nodes comes after one for fewer on the same servers, which must not refuse it.
# Usage: bench_test.sh REDLOCK REDLOCK_BENCH
set -eu

redlock=$1
bench=$2

fail() {
    printf '%s\n' "$out"
    echo "bench_test: $*" >&2
    exit 1
}

# PART LINE...: the beginnings of the lines that the part's table must have.
runs() {
    part=$1
    shift
    out=$("$redlock" local -n 5 -- "$bench" "$part" --seconds 0.5 2>&1) || fail "$part failed"
    for line in "$@"; do
        printf '%s\n' "$out" | grep -q "^ *$line | " || fail "no line of $part for: $line"
    done
    if printf '%s\n' "$out" | grep -q 'errors:'; then
        fail "a line of $part has errors"
    fi
}

runs --floors '1   1' '3   1' '5   1' '1  64' '3  64' '5  64'
runs --options '1   1' '3   1' '1  64' '3  64'
runs --hand-over '8       8   hot'
