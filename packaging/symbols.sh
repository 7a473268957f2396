#!/bin/sh
# Prints the symbols file for a shared library: each symbol of the public interface by its name in C++,
# with the version that it came with, which the old file tells. docs/decisions/debian-packages.md says
# why all others are one pattern.
#
# symbols.sh LIBRARY OLD_FILE
set -eu
cd "$(dirname "$0")/.."
library=$1
old=$2
version=$(sh packaging/version.sh)

cat <<'END'
# By `./dev package --symbols`. With 1 at its end, a symbol depends on the release of Boost, too.
libredlock.so.0 libredlock0 #MINVER#
| libredlock0-boost@BOOST@
* Build-Depends-Package: libredlock-dev
 (regex)"^_ZN7redlock5needs[0-9]+boost_[0-9]+_asio_" 0.1.0 1
 (optional|regex)"^_Z" 0.1.0 1
END
# Only what is defined once. The other kinds, W, V and u, are in each program that needs them, too.
nm --dynamic --demangle --defined-only "$library" |
    sed -nE 's/^[0-9a-f]+ [TDBR] ((typeinfo |typeinfo name |vtable )?(for )?redlock::.*)$/\1/p' |
    grep -v '^redlock::needs::' | LC_ALL=C sort -u |
    awk -v old="$old" -v version="$version" '
        BEGIN {
            while ((getline line < old) > 0)
                if (match(line, /^ \(c\+\+\)".*@Base" /))
                    since[substr(line, 8, RLENGTH - 14)] = substr(line, RLENGTH + 1)
        }
        { printf " (c++)\"%s@Base\" %s\n", $0, $0 in since ? since[$0] : version }'
