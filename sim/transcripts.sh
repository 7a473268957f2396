#!/bin/sh
# Runs the seeds whose stories were kept, and compares byte by byte: the same on every compiler.
#
# usage: transcripts.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2

told=$(mktemp)
trap 'rm -f "$told"' EXIT
failed=0
for kept in "$folder"/*.txt; do
    seed=$(basename "$kept" .txt)
    "$program" --seed "$seed" --transcript >"$told" || true
    if ! cmp "$kept" "$told"; then
        echo "seed $seed is told differently" >&2
        failed=1
    fi
done
exit "$failed"
