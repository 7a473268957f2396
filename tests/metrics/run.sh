#!/bin/sh
# The tests of the exporter, with three throwaway nodes and a Prometheus for each test that needs one.
#
# usage: run.sh REDLOCK [PYTEST ARG...]
set -eu
REDLOCK_COMMAND=$(realpath "$1")
export REDLOCK_COMMAND
shift
cd "$(dirname "$0")"

# Debian's own, which has the packages: another may come before it in PATH.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

exec "$REDLOCK_COMMAND" local -n 3 -- "$python" -B -m pytest -q -rs -p no:cacheprovider "$@"
