#!/bin/sh
# Installs the wheel that fits into a new environment of each Python that is here, and runs the tests
# there: all of them on the oldest and on the newest, the main path on those between. The newest also
# checks types and form. Real servers, free ports.
#
# usage: test.sh [PYTEST ARG...]
set -eu
cd "$(dirname "$0")"
folder=$(cd ../build/python && pwd)
# shellcheck source=python/interpreters.sh
. ./interpreters.sh

# environment PYTHON PACKAGE...: an empty one, with the wheel in it.
environment() {
    place=$folder/try
    rm -rf "$place"
    "$1" -m venv "$place"
    shift
    "$place/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links dist asio-redlock
    "$place/bin/pip" install --quiet --disable-pip-version-check "$@"
    "$place/bin/python" --version >&2
}

check_types() {
    "$place/bin/ruff" check --quiet .
    "$place/bin/ruff" format --quiet --check .
    "$place/bin/mypy" --strict --cache-dir "$folder/mypy" src tests recipes
    "$place/bin/pyright" --pythonpath "$place/bin/python" src tests recipes
}

# The real aioredlock, for the tests that run both: in a Python that it still works in.
real_aioredlock() {
    "$oldest" -m venv "$folder/aioredlock"
    "$folder/aioredlock/bin/pip" install --quiet --disable-pip-version-check \
        --requirement ../bench/peers/python/requirements-aioredlock.txt
    export REDLOCK_AIOREDLOCK_PYTHON="$folder/aioredlock/bin/python"
}

run_tests() {
    # Not from the sources: what was installed is tested.
    "$place/bin/python" -X dev -m pytest -q -p no:cacheprovider "$@"
}

all=$(interpreters)
oldest=$(echo "$all" | head -n 1)
newest=$(echo "$all" | tail -n 1)
# It cannot be imported in 3.12 and newer.
[ "$(abi_of "$oldest")" != cp311 ] || real_aioredlock
for python in $all; do
    case $python in
        "$newest")
            # The recipes' packages too.
            environment "$python" pytest uvloop mypy pyright ruff \
                fastapi httpx django 'celery[redis]' 'apscheduler<4'
            check_types
            run_tests "$@" tests
            ;;
        "$oldest")
            environment "$python" pytest uvloop
            run_tests "$@" tests
            ;;
        *)
            environment "$python" pytest
            run_tests tests/test_async.py tests/test_sync.py
            ;;
    esac
done
