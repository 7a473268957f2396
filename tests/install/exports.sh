#!/bin/sh
# Looks at what a shared library of ours shows: the public interface, what redlock::testing needs of
# the inside, and Asio, of which a program must have one copy. Makes one of the archive if that is what was built.
#
# usage: exports.sh LIBRARY COMPILER VERSION_SCRIPT
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

library=$1
case $library in
    *.a)
        "$2" -shared -Wl,--version-script="$3" -Wl,--whole-archive "$1" -Wl,--no-whole-archive \
            -o "$scratch/lib.so"
        library=$scratch/lib.so
        ;;
esac
nm -DC --defined-only "$library" | cut -d ' ' -f 3- >"$scratch/all"
sed -E 's/^(typeinfo|typeinfo name|vtable|guard variable) for //' "$scratch/all" >"$scratch/names"

# Of our inner names only what public headers call by themselves: the seam, the texts of names, and the
# count of a lock's owners.
# Templates of Asio's tell their result first.
if grep -Ev '^redlock::|^[^(]*boost::asio::' "$scratch/names" >"$scratch/bad" ||
    grep -E '^redlock::(core|redis|driver|manager|scripts|detail|outside)::' "$scratch/names" |
    grep -vE '^redlock::(outside::place|detail::(share_text|no_text)|(detail|manager)::intrusive_ptr_(add_ref|release))[[(]' >"$scratch/bad"; then
    echo "exported, but not public:"
    cat "$scratch/bad"
    exit 1
fi
for name in 'lock_manager::start_acquire(' 'parse_endpoint(' 'lock::lock(' 'lock_category()' 'needs::boost_' \
    'outside::place('; do
    grep -qF "redlock::$name" "$scratch/names" || {
        echo "not exported: redlock::$name"
        exit 1
    }
done
echo "exports: $(grep -c '^redlock::' "$scratch/names") of ours"
