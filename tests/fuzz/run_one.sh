#!/bin/sh
# Feeds one fuzz target, which is built, for the given number of seconds. What it learns is kept outside of git,
# beside the corpus that is; what it finds in build-fuzz/finds.
#
# usage: run_one.sh TARGET SECONDS, from the root
set -eu

grown=build-fuzz/grown/$1
mkdir -p "$grown" build-fuzz/finds
printf '%s\n' "dev: fuzz $1, $2 s" >&2
log=build-fuzz/$1.log
if "build-fuzz/bin/tests/fuzz_$1" -max_total_time="$2" -max_len=1024 -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build-fuzz/finds/$1-" \
    "$grown" "tests/fuzz/corpus/$1" >"$log" 2>&1; then
    sed -n 's/^stat::number_of_executed_units: */dev:   inputs tried: /p' "$log" >&2
else
    tail -n 60 "$log"
    exit 1
fi
