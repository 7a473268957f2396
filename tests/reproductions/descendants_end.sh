#!/bin/sh
# Work went on after the loss when a descendant had left the process group.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

cat >append.sh <<'END'
while :; do echo x >>"$1"; sleep 0.05; done
END

# size_stays FILE: nothing is appended any more.
size_stays() {
    before=$(wc -c <"$1")
    sleep 0.4
    expect "nothing is appended to $1 any more" "$before" "$(wc -c <"$1")"
}

lose() {
    until_true [ -s "$1" ]
    on_all del L >/dev/null
}

"$REDLOCK" run L -- sh -c 'timeout 60 sh ./append.sh timeout.out' 2>/dev/null &
run=$!
lose timeout.out
wait "$run"
expect 'timeout: the loss is told' 79 "$?"
size_stays timeout.out

"$REDLOCK" run L -- setsid -w sh ./append.sh setsid.out 2>/dev/null &
run=$!
lose setsid.out
wait "$run"
expect 'setsid: the loss is told' 79 "$?"
size_stays setsid.out

"$REDLOCK" run --max-hold 1s L -- sh -c 'timeout 60 sh ./append.sh max_hold.out' 2>/dev/null
expect 'max-hold' 124 "$?"
size_stays max_hold.out

"$REDLOCK" run L -- sh -c 'timeout 60 sh ./append.sh killed.out' 2>/dev/null &
run=$!
until_true [ -s killed.out ]
kill -9 "$run"
wait "$run" 2>/dev/null
sleep 0.5
size_stays killed.out
finish
