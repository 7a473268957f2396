# shellcheck shell=sh
# Fresh roots of Debian, for scripts that source this. They run as root; ROOTS_MIRROR names
# another mirror than Debian's.
mirror=${ROOTS_MIRROR:-http://deb.debian.org/debian}

# make_root ROOT SUITE: leaves alone the one that is there already.
make_root() {
    [ ! -e "$1/made" ] || return 0
    rm -rf "$1"
    debootstrap --variant=minbase "$2" "$1" "$mirror" >"$1.debootstrap" ||
        { tail -n 5 "$1.debootstrap" >&2; return 1; }
    # Only an installer writes it, and every machine has it.
    [ -e "$1/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$1/etc/hosts"
    : >"$1/made"
}

# copy_tree FOLDER: this source tree, without what was built in it.
copy_tree() {
    rm -rf "$1"
    mkdir -p "$1"
    if [ -e .git ]; then
        git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -
    else
        tar --exclude='./build*' --exclude=./python/dist -cf - .
    fi | tar -xf - -C "$1"
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
