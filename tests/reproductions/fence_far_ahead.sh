#!/bin/sh
# A fence further ahead than the clock window never aged while anybody tried, and nothing said so.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

far=$((($(date +%s) + 3600) * 1000000))
on_all set 'redlock:fence:{pay}' "$far" px 60000 >/dev/null
errors=$("$REDLOCK" run -n pay -- echo in 2>&1)
expect 'no lock can be had' 69 "$?"
expect_text 'it names the fence, the distance and what to do' 'fence.* s ahead .*delete redlock:fence:{pay}' \
    "$errors"
expect_text 'status flags it' 'ahead' "$("$REDLOCK" status pay 2>&1)"
expect_text 'the doctor flags it' 'problem.*fence' "$("$REDLOCK" doctor --samples 1 --resource pay 2>&1)"
"$REDLOCK" run -w 1s pay -- echo in 2>/dev/null
"$REDLOCK" run pay -- echo in 2>/dev/null
long=$(on_all pttl 'redlock:fence:{pay}' | awk '$1 > 60000' | wc -l)
expect 'nodes on which it lives longer because somebody tried' 0 "$long"
on_all del 'redlock:fence:{pay}' >/dev/null
out=$("$REDLOCK" run -n pay -- echo in 2>&1)
expect 'once it is gone' in "$out"
finish
