#!/bin/sh
# The benchmark for about a second a part: every line of its table is there, without an error. A
# line for five nodes comes after one for three on the same servers, which must not refuse it.
# Usage: bench_test.sh REDLOCK REDLOCK_BENCH
set -eu

out=$("$1" local -n 5 -- "$2" --floors --seconds 0.5 2>&1) || {
    printf '%s\n' "$out"
    echo "bench_test: the benchmark failed" >&2
    exit 1
}
for line in '1   1' '3   1' '5   1' '1  64' '3  64' '5  64'; do
    printf '%s\n' "$out" | grep -q "^    $line | " || {
        printf '%s\n' "$out"
        echo "bench_test: no line for nodes and at once: $line" >&2
        exit 1
    }
done
if printf '%s\n' "$out" | grep -q 'errors:'; then
    printf '%s\n' "$out"
    echo "bench_test: a line has errors" >&2
    exit 1
fi
