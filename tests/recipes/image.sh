#!/bin/sh
# Builds the image of the command with buildah, which needs no engine, and runs the command in it. The image that it
# is built on is made here from Debian's packages, and not fetched. As root.
#
# image.sh FOLDER
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/fresh_root.sh
. tests/fresh_root.sh
folder=$1
say() { printf '%s\n' "recipes: $*" >&2; }
[ "$(id -u)" -eq 0 ] || { say "--image must be root, for debootstrap and buildah"; exit 77; }

# Images and containers of this test lie in a store of their own, which goes with it.
store=$(mktemp -d /var/tmp/redlock-image-XXXXXX)
trap 'rm -rf "$store"' EXIT
trap 'exit 1' HUP INT TERM
build() { buildah --storage-driver vfs --root "$store/images" --runroot "$store/run" "$@"; }

say "a fresh Debian 12"
make_root "$store/bookworm" bookworm
base=$(build from scratch)
build add --quiet "$base" "$store/bookworm" / >/dev/null
build commit --quiet --rm "$base" docker.io/library/debian:12-slim >/dev/null
rm -rf "$store/bookworm"

say "building the image"
build build --pull-never --isolation chroot --quiet --tag redlock --file packaging/container/Dockerfile \
    --ignorefile .dockerignore . >"$folder/image.log" 2>&1 || { tail -n 40 "$folder/image.log" >&2; exit 1; }

say "running the command in it"
container=$(build from --pull-never redlock)
in_image() { build run --isolation chroot --env REDLOCK_NODES="$REDLOCK_NODES" "$container" -- "$@"; }
[ "$(in_image id -u)" = 65534 ] || { say "the image's user is root"; exit 1; }
in_image redlock --version
# shellcheck disable=SC2016 # the container's shell
answer=$(in_image redlock run image-job -- sh -c 'echo "$REDLOCK_RESOURCE $REDLOCK_FENCING_TOKEN"')
case $answer in
    'image-job '[1-9]*) say "it ran under a lock of this machine's servers: $answer" ;;
    *) say "it said: $answer"; exit 1 ;;
esac
