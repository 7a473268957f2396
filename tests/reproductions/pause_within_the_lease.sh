#!/bin/sh
# `run` killed a command whose lock was valid, in silence, when redlock itself was stopped a while.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

"$REDLOCK" run --lease-time 2s k -- sh -c 'sleep 4' 2>errors &
run=$!
sleep 1.70
kill -STOP "$run"
sleep 0.26
kill -CONT "$run"
wait "$run"
expect 'a pause within the lease does no harm' 0 "$?"

"$REDLOCK" run --lease-time 2s k -- sleep 60 2>errors &
run=$!
until_true redis 1 get k
sleep 0.5
kill -STOP "$run"
sleep 3
kill -CONT "$run"
wait "$run"
expect 'a pause beyond the lease is a loss' 79 "$?"
expect_text 'and somebody says so' 'lost\|lease' "$(cat errors)"
finish
