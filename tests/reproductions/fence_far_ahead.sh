#!/bin/sh
# A fence further ahead than the clock window never aged while anybody tried, and nothing said so.
. "$(dirname "$0")/lib.sh"
in_servers 3 "$@"

far=$((($(date +%s) + 3600) * 1000000))
on_all set 'redlock:fence:{pay}' "$far" px 5000 >/dev/null
errors=$("$REDLOCK" run -n pay -- echo in 2>&1)
expect 'no lock can be had' 69 "$?"
expect_text 'it names the fence and the distance' 'fence.* ahead' "$errors"
expect_text 'status flags it' 'ahead' "$("$REDLOCK" status pay 2>&1)"
on_all pttl 'redlock:fence:{pay}' | awk '$1 > 5000 {exit 1}'
expect 'its life is not prolonged' 0 "$?"
out=$("$REDLOCK" run -w 20s pay -- echo in 2>&1)
expect_text 'it ages while somebody tries' '^in$' "$out"
finish
