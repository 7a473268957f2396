#!/bin/sh
# `doctor` found no problem where nothing could work, because a command was renamed away.
# shellcheck disable=SC1091,SC2154 # lib.sh is checked by itself, and names the programs
. "$(dirname "$0")/lib.sh"
in_servers 1 "$@"

for name in EVALSHA EVAL GET SET DEL TIME PTTL PEXPIRE HGETALL HDEL; do
    "$server_program" --port 0 --unixsocket "$PWD/server.sock" --save '' --rename-command "$name" '' \
        >/dev/null &
    server=$!
    until_true "$client_program" -s "$PWD/server.sock" ping
    report=$("$REDLOCK" doctor --nodes "unix://$PWD/server.sock" --samples 1 2>&1)
    status=$?
    expect "$name renamed: doctor finds a problem" yes "$([ "$status" -ne 0 ] && echo yes)"
    expect_text "$name renamed: doctor names it" "problem.*does not know.*$(echo "$name" | tr '[:upper:]' '[:lower:]')" \
        "$report"
    kill "$server"
    wait "$server"
done
finish
