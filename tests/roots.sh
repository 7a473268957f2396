#!/bin/sh
# The README's two commands in fresh roots of Debian: only what `./dev` installs by itself is there.
# Each root is made anew and removed again, unless ROOTS_KEEP names a folder in which it stays and is
# used again.  roots.sh [SUITE...], as root; bookworm and trixie unless named.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/fresh_root.sh
. tests/fresh_root.sh
[ "$(id -u)" -eq 0 ] || { echo "roots: I must be root, for chroot and mount" >&2; exit 77; }

folder=${ROOTS_KEEP:-$(mktemp -d /var/tmp/redlock-roots-XXXXXX)}
[ -n "${ROOTS_KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT

[ $# -gt 0 ] || set -- bookworm trixie
failed=
for suite in "$@"; do
    root=$folder/$suite
    make_root "$root" "$suite" || { failed="$failed $suite"; continue; }
    copy_tree "$root/asio-redlock"
    for command in demo test; do
        echo "roots: ./dev $command in a fresh $suite" >&2
        status=0
        inside "$root" /asio-redlock/dev "$command" || status=$?
        echo "roots: ./dev $command in a fresh $suite: $status" >&2
        [ "$status" -eq 0 ] || failed="$failed $suite/$command"
    done
done
[ -z "$failed" ] || { echo "roots: failed:$failed" >&2; exit 1; }
