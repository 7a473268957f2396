#!/bin/sh
# A client with one node beside clients with three of them: both held the lock at once.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

"$REDLOCK" run --nodes "$(node 1)" pay -- sh -c 'touch held; until [ -e over ]; do sleep 0.02; done' &
first=$!
until_true [ -e held ]
out=$("$REDLOCK" run -n pay -- echo in 2>errors)
status=$?
expect 'the second client runs nothing' '' "$out"
expect 'its exit status: wrong nodes' 78 "$status"
expect_text 'it says what differs' 'nodes is 3 here and 1 there' "$(cat errors)"
touch over
wait "$first"
expect 'the first client goes on' 0 "$?"

# Whoever came first goes on, also the other way round.
"$REDLOCK" vouch >/dev/null
out=$("$REDLOCK" run -n pay -- echo in 2>/dev/null)
expect 'three nodes first' in "$out"
out=$("$REDLOCK" run --nodes "$(node 1)" -n pay -- echo in 2>errors)
expect 'then one node: nothing runs' '' "$out"
expect_text 'and it says why' 'nodes is 1 here and 3 there' "$(cat errors)"

# By its token neither: a script that names other nodes to extend than to acquire.
held=$("$REDLOCK" acquire --lease-time 30s script)
"$REDLOCK" extend --nodes "$(node 1)" --lease-time 60s script "${held% *}" 2>errors
expect 'extending on one node of three: wrong nodes' 78 "$?"
expect_text 'and it says why' 'nodes is 1 here and 3 there' "$(cat errors)"
"$REDLOCK" release --nodes "$(node 1)" script "${held% *}" 2>errors
expect 'releasing on one node of three: wrong nodes' 78 "$?"
"$REDLOCK" release script "${held% *}"
expect 'the lock was left alone' 0 "$?"

# So do three nodes without the guard and another longest lease.
"$REDLOCK" vouch >/dev/null
"$REDLOCK" run --restart-guard off -n pay -- true
out=$("$REDLOCK" run --restart-guard off --max-lease-time 90s -n pay -- echo in 2>errors)
expect 'another longest lease without the guard: nothing runs' '' "$out"
expect_text 'and it says why' 'max_lease_time is 90000 ms here and 60000 ms there' "$(cat errors)"
finish
