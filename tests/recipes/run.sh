#!/bin/sh
# The tests of the recipes for containers and package managers, with tools of PyPI.
#
# run.sh REDLOCK                the recipes' form, and each command in them
# run.sh REDLOCK --conan        also builds Conan's package with the libraries of this Debian
# run.sh REDLOCK --image        also builds the image in a fresh Debian 12, and runs it; as root
set -eu
REDLOCK_COMMAND=$(realpath "$1")
export REDLOCK_COMMAND
shift
cd "$(dirname "$0")/../.."
folder=$PWD/build/recipes
say() { printf '%s\n' "recipes: $*" >&2; }

mkdir -p "$folder"
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement tests/recipes/requirements.txt >&2
export CONAN_HOME="$folder/conan"

"$REDLOCK_COMMAND" local -n 3 -- "$folder/bin/python" -B -m pytest -q -p no:cacheprovider tests/recipes

for part in "$@"; do
    case $part in
        --conan) sh tests/recipes/conan.sh "$folder" ;;
        --image) "$REDLOCK_COMMAND" local -n 3 -- sh tests/recipes/image.sh "$folder" ;;
        *) say "no such option: $part"; exit 64 ;;
    esac
done
