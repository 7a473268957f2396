#!/bin/sh
# `redlock extend` came back before a healthy node had extended.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

round=0
while [ "$round" -lt 15 ]; do
    round=$((round + 1))
    held=$("$REDLOCK" acquire --lease-time 5s "L$round")
    # One of the three is slow, but within the node timeout.
    redis $((round % 3 + 1)) debug sleep 0.2 >/dev/null &
    slow=$!
    "$REDLOCK" extend --lease-time 50s "L$round" "${held% *}" || failures=$((failures + 1))
    short=$(on_all pttl "L$round" | awk '$1 < 40000' | wc -l)
    [ "$short" -eq 0 ] || expect "round $round: nodes that have not extended" 0 "$short"
    wait "$slow"
done
expect 'rounds' 15 "$round"
finish
