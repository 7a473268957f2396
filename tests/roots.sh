#!/bin/sh
# The README's two commands in fresh roots of Debian: only what `./dev` installs by itself is there.
# Each root is made anew and removed again, unless ROOTS_KEEP names a folder in which it stays and is
# used again.  roots.sh [SUITE...], as root; bookworm and trixie unless named.
set -eu
cd "$(dirname "$0")/.."
mirror=${ROOTS_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" -eq 0 ] || { echo "roots: I must be root, for chroot and mount" >&2; exit 77; }

folder=${ROOTS_KEEP:-$(mktemp -d /var/tmp/redlock-roots-XXXXXX)}
[ -n "${ROOTS_KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT

make_root() {
    if [ ! -e "$1/made" ]; then
        rm -rf "$1"
        debootstrap --variant=minbase "$2" "$1" "$mirror" >"$folder/$2.debootstrap" ||
            { tail -n 5 "$folder/$2.debootstrap" >&2; return 1; }
        # Only an installer writes it, and every machine has it.
        [ -e "$1/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$1/etc/hosts"
        : >"$1/made"
    fi
    rm -rf "$1/asio-redlock"
    mkdir "$1/asio-redlock"
    git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$1/asio-redlock"
}

# inside ROOT COMMAND...: mounts and processes end with it.
inside() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount --pid --fork --kill-child sh -c '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        root=$1
        shift
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
    ' sh "$@"
}

[ $# -gt 0 ] || set -- bookworm trixie
failed=
for suite in "$@"; do
    root=$folder/$suite
    make_root "$root" "$suite" || { failed="$failed $suite"; continue; }
    for command in demo test; do
        echo "roots: ./dev $command in a fresh $suite" >&2
        status=0
        inside "$root" /asio-redlock/dev "$command" || status=$?
        echo "roots: ./dev $command in a fresh $suite: $status" >&2
        [ "$status" -eq 0 ] || failed="$failed $suite/$command"
    done
done
[ -z "$failed" ] || { echo "roots: failed:$failed" >&2; exit 1; }
