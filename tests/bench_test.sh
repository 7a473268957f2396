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

# WHAT LINE...: the beginnings of the lines that the output must have.
has() {
    what=$1
    shift
    for line in "$@"; do
        printf '%s\n' "$out" | grep -q "^ *$line" || fail "no line of $what for: $line"
    done
    if printf '%s\n' "$out" | grep -q 'errors:'; then
        fail "a line of $what has errors"
    fi
}

# PART LINE...: the beginnings of the lines that the part's table must have.
runs() {
    part=$1
    shift
    out=$("$redlock" local -n 5 -- "$bench" "$part" --seconds 0.5 2>&1) || fail "$part failed"
    has "$part" "$@"
}

runs --floors '1   1 | ' '3   1 | ' '5   1 | ' '1  64 | ' '3  64 | ' '5  64 | '
runs --options '1   1 | ' '3   1 | ' '1  64 | ' '3  64 | '
runs --hand-over '8       8   hot | '

# Small sizes for a moment each, on a machine that others use: what a bound says here would tell about
# the others. So the status may say that a bound was missed (1), and only the bound without a clock in
# it is asked for: that each line is without an error. The cycles are those of --floors.
page=$(mktemp)
trap 'rm -f "$page"' EXIT
status=0
out=$("$redlock" local -n 3 -- "$bench" --sizes --series held,one_name,many_names,managers,shares \
    --largest 100 --seconds 0.5 --html "$page" 2>&1) || status=$?
[ "$status" -le 1 ] || fail "--sizes failed with status $status"
has --sizes Held '100   *10  ' Waiters '100  ' Names '100   *120  ' Managers '16   *4  ' Two \
    '2  ' 'passed: lines without an error' '[a-zA-Z]*: the larger share'
if ! grep -q '<svg' "$page" || ! grep -q '</html>' "$page"; then
    fail "the page of --sizes is not whole"
fi
