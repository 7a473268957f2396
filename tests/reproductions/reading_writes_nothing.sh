#!/bin/sh
# Reading wrote settings into fresh servers, and then refused clients that had others.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 5 "$@"

on_all flushall >/dev/null
three="$(node 1),$(node 2),$(node 3)"
for reading in doctor 'status pay' list; do
    # shellcheck disable=SC2086 # a subcommand and its argument
    "$REDLOCK" $reading --nodes "$three" >/dev/null 2>&1
    expect "keys after $reading" '' "$(on_all keys '*' | tr -d '\n')"
done
"$REDLOCK" vouch >/dev/null
"$REDLOCK" doctor --nodes "$three" >/dev/null 2>&1
out=$("$REDLOCK" run -n pay -- echo in)
expect 'five nodes after a look at three' in "$out"
finish
