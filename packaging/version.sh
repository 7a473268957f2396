#!/bin/sh
# Prints the version of this tree, such as 0.1.0. It stands in a public header, and only there.
set -eu
cd "$(dirname "$0")/.."
sed -n 's/^#define REDLOCK_VERSION_[MP][A-Z]* \([0-9]*\)$/\1/p' include/redlock/version.hpp | paste -s -d .
