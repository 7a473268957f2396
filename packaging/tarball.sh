#!/bin/sh
# The command as a tarball for any Linux of this kind of processor: of all shared libraries it needs only
# glibc's. Built on Debian 12, whose glibc is 2.36; on a newer system nothing is built.
#
# tarball.sh OUT JOBS
set -eu
cd "$(dirname "$0")/.."
out=$1
jobs=$2
oldest=2.36

say() { printf '%s\n' "package: $*" >&2; }

glibc=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
if [ "$(printf '%s\n' "$oldest" "$glibc" | sort -V | tail -n 1)" != "$oldest" ]; then
    say "no tarball: it would need this system's glibc $glibc; built on Debian 12 it needs $oldest"
    exit 0
fi

folder=$out/portable
version=$(sh packaging/version.sh)
name=redlock-$version-linux-$(uname -m)

say "building the tarball"
{
    cmake --preset release -B "$folder" -DREDLOCK_PORTABLE=ON -DREDLOCK_TESTS=OFF -DREDLOCK_TESTING=OFF \
        -DREDLOCK_PROMETHEUS=OFF -DREDLOCK_EXAMPLES=OFF -DREDLOCK_BENCH=OFF
    cmake --build "$folder" --target redlock_command --parallel "$jobs"
    rm -rf "${folder:?}/$name"
    cmake --install "$folder" --component command --prefix "$folder/$name"
} >"$out/tarball.log" 2>&1 || { tail -n 60 "$out/tarball.log" >&2; exit 1; }

# What is linked in has licences of its own, which demand to be passed on, and releases of its own.
linked() {
    for file in /usr/include/boost/version.hpp /usr/include/hiredis/read.h /usr/include/fmt/core.h \
        /usr/include/openssl/ssl.h /usr/include/CLI/CLI.hpp /usr/include/toml++/toml.h \
        "$(g++ -print-file-name=libstdc++.a)"; do
        dpkg-query -S "$(readlink -f "$file")" | sed 's/:.*//'
    done
}
licences=$folder/$name/share/doc/redlock/licences
mkdir "$licences"
for package in $(linked); do
    cp "/usr/share/doc/$package/copyright" "$licences/$package"
    dpkg-query -W "$package"
done >"$licences/versions"
[ "$(wc -l <"$licences/versions")" -eq 7 ] || {
    say "not each library that is linked in comes from a package, so that its licence is not at hand"
    exit 1
}

# What the command needs of the system, and no more.
binary=$folder/$name/bin/redlock
foreign=$(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.so\.6|libm\.so\.6|ld-linux.*)$') || true
[ -z "$foreign" ] || { say "the command needs more than glibc: $foreign"; exit 1; }
highest=$(readelf --dyn-syms --wide "$binary" | grep -o '@GLIBC_[0-9.]*' | sort -uV | tail -n 1)
highest=${highest#@GLIBC_}
[ "$(printf '%s\n' "$oldest" "$highest" | sort -V | tail -n 1)" = "$oldest" ] || {
    say "the command needs glibc $highest, newer than $oldest"
    exit 1
}
say "the command needs glibc $highest and no other library"

tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(
    dpkg-parsechangelog -S Timestamp)}" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
