#!/bin/sh
# Runs default cycles over real servers of their own and compares what one costs with its bounds.
#   counts        allocations and system calls, counted in the program
#   instructions  the client's instructions, counted by valgrind; skipped (77) where that is missing
# Prints each figure beside its bound. Exit status 1 if one is above.
#
# usage: check.sh counts|instructions REDLOCK CYCLES
set -eu

what=$1
redlock=$2
cycles=$3
here=$(dirname "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

# The value that stands behind a name in what the last run printed.
printed() { awk -v name="$1" '$1 == name { print $2 }' "$scratch/out"; }

# NAME VALUE
compare() {
    bound=$(awk -v name="$1" '$1 == name { print $2 }' "$here/bounds")
    if awk -v value="$2" -v bound="$bound" 'BEGIN { exit !(value ~ /^[0-9.]+$/ && value + 0 <= bound + 0) }'; then
        printf '%-32s %10s  at most %s\n' "$1" "$2" "$bound"
    else
        printf '%-32s %10s  ABOVE ITS BOUND, %s\n' "$1" "$2" "$bound"
        bad=1
    fi
}

# NODES COMMAND...: fresh servers each time, which know no clients of another number of nodes.
on_servers() {
    nodes=$1
    shift
    "$redlock" local -n "$nodes" -- "$@" >"$scratch/out" 2>"$scratch/err" || {
        cat "$scratch/out" "$scratch/err"
        exit 1
    }
}

counts() {
    for nodes in 1 3; do
        on_servers "$nodes" "$cycles" "$nodes" 64 20000
        compare "allocations_${nodes}_64" "$(printed allocations)"
        compare "system_calls_${nodes}_64" "$(printed system_calls)"
        on_servers "$nodes" "$cycles" "$nodes" 64 20000 callbacks
        compare "callbacks_allocations_${nodes}_64" "$(printed allocations)"
    done
    on_servers 1 "$cycles" 1 1 4000
    compare allocations_1_1 "$(printed allocations)"
    compare system_calls_1_1 "$(printed system_calls)"
    on_servers 1 "$cycles" 1 1 4000 callbacks
    compare callbacks_allocations_1_1 "$(printed allocations)"
}

instructions() {
    command -v valgrind >/dev/null || {
        echo "skipped: valgrind is not installed"
        exit 77
    }
    for nodes in 1 3; do
        on_servers "$nodes" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
            --toggle-collect='bench::library_side::run_cycles*' "$cycles" "$nodes" 64 4000
        collected=$(awk '/Collected/ { print $4 }' "$scratch/err")
        compare "instructions_${nodes}_64" "$(awk -v all="$collected" 'BEGIN { printf "%.0f", all / 4000 }')"
    done
}

case $what in
    counts) counts ;;
    instructions) instructions ;;
    *) echo "usage: check.sh counts|instructions REDLOCK CYCLES" >&2; exit 64 ;;
esac
exit "$bad"
