#!/bin/sh
# Proves that the runner of the models can fail: gives it suites whose expectations are wrong, a model
# with an error and a search that cannot be completed, and expects to be told of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp "$here"/*.pml "$here/run" "$place"
failed=0

# refused WORDS SUITE-LINE: the runner ends with an error and says WORDS.
refused() {
    echo "$2" >"$place/suite.txt"
    if "$place/run" >"$place/out" 2>&1; then
        echo "not noticed: $2"
        failed=1
    elif ! grep -qF "$1" "$place/out"; then
        echo "expected '$1' of '$2', but was told:"
        cat "$place/out"
        failed=1
    fi
}

echo 'all-well | unique | fencing.pml | -DNO_FENCE | short' >"$place/suite.txt"
"$place/run" >"$place/out" 2>&1 || { echo 'a suite in order is refused:'; cat "$place/out"; failed=1; }

refused '! unique: two holders with one token' 'a-violation | holds | fencing.pml | -DNO_FENCE |'
refused 'FAILED: expected unique' 'a-survivor | unique | fencing.pml | -DATTEMPTS=2 |'
refused 'FAILED: expected order' 'another-claim | order | fencing.pml | -DNO_FENCE |'
refused 'no-such-name' 'an-error | holds | fencing.pml | -DQUORUM=no-such-name |'
refused '0 as expected' '# nothing'
MODELS_MEMORY=1
export MODELS_MEMORY
refused 'incomplete' 'too-large | holds | fencing.pml | -DSTORE |'

[ "$failed" -eq 0 ] && echo 'run_test: every failure is noticed'
exit "$failed"
