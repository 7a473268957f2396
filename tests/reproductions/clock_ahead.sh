#!/bin/sh
# A client whose clock was 10.1 to 20 s ahead of the nodes never got a free lock with -n.
# shellcheck disable=SC1091 # checked by itself
. "$(dirname "$0")/lib.sh"
: "${SHIFTED_CLOCK:?set it to the path of the module that shifts clocks}"
in_servers 3 "$@"

for offset in 0 9 10 11 12 15 18 19 20 21 30 40 60 3600 -9 -10 -11 -15 -18 -20 -21 -40 -3600; do
    out=$(REDLOCK_TEST_CLOCK_SHIFT=$offset LD_PRELOAD=$SHIFTED_CLOCK "$REDLOCK" run -n "at$offset" \
        -- echo in 2>errors)
    expect "$offset s ahead" in "$out$(cat errors)"
done
finish
