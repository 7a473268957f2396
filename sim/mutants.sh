#!/bin/sh
# Runs every mutant until some check catches it, and prints which: mutant, check, seed, seconds. Exits
# with 1 if one survives.
#
# usage: mutants.sh FOLDER_OF_PROGRAMS LIST_OF_NAMES MOST_SEEDS
set -eu
programs=$1
list=$2
seeds=$3

survived=0
caught=0
names=$(sed -n 's/^    \([a-z_]*\)$/\1/p' "$list")
for name in $names; do
    began=$(date +%s.%N)
    status=0
    found=$("$programs/$name" --jobs "${JOBS:-2}" --until-caught "$seeds" 2>/dev/null) || status=$?
    if [ "$status" -eq 134 ]; then
        found='an invariant'  # whose assert ended it
        status=0
    fi
    if [ "$status" -eq 0 ]; then
        caught=$((caught + 1))
    else
        survived=$((survived + 1))
    fi
    took=$(echo "$(date +%s.%N) $began" | awk '{ printf "%.2f", $1 - $2 }')
    printf '%-34s %-44s %8s s\n' "$name" "$found" "$took"
done
echo "$caught caught, $survived survived"
[ "$survived" -eq 0 ]
