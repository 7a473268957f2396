#!/bin/sh
# Runs default cycles over real servers of their own and compares what one costs with its bounds.
#   counts        allocations and system calls, counted in the program
#   instructions  the client's instructions, counted by valgrind; skipped (77) where that is missing
#   server        a server's instructions, and the bytes that it reads and writes; the same
# Prints each figure beside its bound. Exit status 1 if one is above.
#
# usage: check.sh counts|instructions|server REDLOCK CYCLES
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
is_within() {
    bound=$(awk -v name="$1" '$1 == name { print $2 }' "$here/bounds")
    awk -v value="$2" -v bound="$bound" 'BEGIN { exit !(value ~ /^[0-9.]+$/ && value + 0 <= bound + 0) }'
}

# NAME VALUE
compare() {
    if is_within "$1" "$2"; then
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
        cat "$scratch/out" "$scratch/err" >&2
        exit 1
    }
}

# NAME NODES COMMAND...: the same, up to three times. A node that falls behind, as on a busy machine,
# lets more attempts wait for its answer than memory is kept for: that is no steady state.
on_steady_servers() {
    bounded=$1
    shift
    for _ in 1 2 3; do
        on_servers "$@"
        if is_within "$bounded" "$(printed allocations)"; then
            return
        fi
    done
}

counts() {
    for nodes in 1 3; do
        on_steady_servers "allocations_${nodes}_64" "$nodes" "$cycles" "$nodes" 64 20000
        compare "allocations_${nodes}_64" "$(printed allocations)"
        compare "system_calls_${nodes}_64" "$(printed system_calls)"
        on_steady_servers "callbacks_allocations_${nodes}_64" "$nodes" "$cycles" "$nodes" 64 20000 callbacks
        compare "callbacks_allocations_${nodes}_64" "$(printed allocations)"
    done
    on_servers 1 "$cycles" 1 1 4000
    compare allocations_1_1 "$(printed allocations)"
    compare system_calls_1_1 "$(printed system_calls)"
    on_servers 1 "$cycles" 1 1 4000 callbacks
    compare callbacks_allocations_1_1 "$(printed allocations)"
}

needs_valgrind() {
    command -v valgrind >/dev/null || {
        echo "skipped: valgrind is not installed"
        exit 77
    }
}

# BOUND NODES KIND
instructions_of() {
    on_servers "$2" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect='bench::library_side::run_cycles*' "$cycles" "$2" 64 4000 "$3"
    collected=$(awk '/Collected/ { print $4 }' "$scratch/err")
    compare "$1" "$(awk -v all="$collected" 'BEGIN { printf "%.0f", all / 4000 }')"
}

instructions() {
    needs_valgrind
    instructions_of instructions_1_64 1 coroutines
    instructions_of instructions_3_64 3 coroutines
    for shape in shared permit several; do
        instructions_of "instructions_${shape}_1_64" 1 "$shape"
    done
}

# CYCLES KIND: runs them over one server under valgrind, and prints how often it was told to SET, its
# instructions, and the bytes that it read and wrote.
over_valgrind() {
    rm -f "$scratch"/server.*
    # shellcheck disable=SC2016 # for the shell that has the servers
    on_servers 1 sh -c '
        "$1" 1 64 "$2" "$3" >/dev/null || exit 1
        port=${REDLOCK_NODES##*:}
        redis-cli -p "$port" info all
        redis-cli -p "$port" shutdown nosave' - "$cycles" "$1" "$2"
    until grep -qs Collected "$scratch"/server.*; do sleep 0.1; done
    collected=$(awk '/Collected/ { print $4 }' "$scratch"/server.*)
    tr -d '\r' <"$scratch/out" | awk -F '[:=,]' -v collected="$collected" '
        $1 == "cmdstat_set" { sets = $3 }
        $1 == "total_net_input_bytes" { read = $2 }
        $1 == "total_net_output_bytes" { written = $2 }
        END { print sets, collected, read, written }'
}

# KIND SETS: what a cycle, for which the server is told to SET so often, costs it. From the difference of
# two runs, so that its start and the first meeting do not count.
server_of() {
    over_valgrind 1000 "$1" >"$scratch/runs"
    over_valgrind 4000 "$1" >>"$scratch/runs"
    for figure in instructions:2 bytes_read:3 bytes_written:4; do
        compare "server_${figure%:*}_$1" "$(awk -v at="${figure#*:}" -v sets="$2" '
            NR == 1 { before = $1; was = $at }
            NR == 2 { printf "%.0f", ($at - was) * sets / ($1 - before) }' "$scratch/runs")"
    done
}

server() {
    needs_valgrind
    cat >"$scratch/program" <<END
#!/bin/sh
exec valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$scratch/server.%p" redis-server "\$@"
END
    chmod +x "$scratch/program"
    export REDLOCK_SERVER="$scratch/program"
    server_of coroutines 2
    server_of unfenced 1
    server_of shared 2
}

case $what in
    counts) counts ;;
    instructions) instructions ;;
    server) server ;;
    *) echo "usage: check.sh counts|instructions|server REDLOCK CYCLES" >&2; exit 64 ;;
esac
exit "$bad"
