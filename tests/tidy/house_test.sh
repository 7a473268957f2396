#!/bin/sh
# Proves that each rule of house.sh can fail: builds a small house that is in order, then breaks one
# rule at a time and expects to be told, of that rule and no other.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/house.sh
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=0

# file PATH LINE...: a file of the small house.
file() {
    path=$place/house/$1
    shift
    mkdir -p "$(dirname "$path")"
    printf '%s\n' "$@" >"$path"
}

fresh() {
    rm -rf "$place/house"
    file include/redlock/types.hpp '// Types.' '#pragma once' '#include <string>'
    file include/redlock/lock.hpp '// A lock.' '#pragma once' '#include "redlock/types.hpp"'
    file include/redlock/headers.cmake 'include/redlock/types.hpp include/redlock/lock.hpp'
    file src/core/quorum.cpp '// Votes.' '#include "redlock/types.hpp"' '#include <vector>'
    file src/redis/wire/resp_reader.cpp '// Reads.' '#include <hiredis/read.h>'
    file src/redis/wire.cpp '// Wire.' '#include <boost/asio/post.hpp>'
    file src/driver/node.cpp '// Node.' '#include "core/quorum.hpp"' '#include "redis/wire.hpp"'
    file src/cli/process/spawn.cpp '// Spawn.' '#include "base/boot_timerfd.hpp"' \
        '#include "cli/base/escape.hpp"' '#include "cli/process/x.hpp"'
    file src/cli/app.cpp '// App.' '#include "cli/demo/demo.hpp"' '#include "cli/process/spawn.hpp"'
    file src/cli/main.cpp '// Main.' '#include <redlock/lock.hpp>' '#include <CLI/CLI.hpp>'
    file src/sources.cmake 'core/quorum.cpp redis/wire/resp_reader.cpp redis/wire.cpp' \
        'driver/node.cpp cli/app.cpp cli/process/spawn.cpp cli/main.cpp faults/a.cpp'
    file docs/decisions/README.md '# Decisions'
    file docs/decisions/seam.md '# Seam' '' '2026-11-29, accepted' '' '## Rejected'
}

run() {
    sh "$check" "$place/house" >"$place/out" 2>"$place/err"
}

# breach WORDS PATH LINE...: the house with this file in it must fail, and say WORDS of it.
breach() {
    words=$1
    fresh
    shift
    file "$@"
    if run; then
        echo "not noticed: $1: $words"
        failed=1
    elif ! grep -qF "$words" "$place/out" || [ "$(wc -l <"$place/out")" -ne 1 ]; then
        echo "expected one breach '$words' of $1, but was told:"
        cat "$place/out" "$place/err"
        failed=1
    fi
}

fresh
run || { echo "a house in order is refused:"; cat "$place/out" "$place/err"; failed=1; }

breach 'core may not include redis/wire.hpp' src/core/quorum.cpp '// V.' '#include "redis/wire.hpp"'
breach 'core may not include base/strand.hpp' src/core/quorum.cpp '// V.' '#include "base/strand.hpp"'
breach 'core may not include boost/asio.hpp' src/core/quorum.cpp '// V.' '#include <boost/asio.hpp>'
breach 'only the public leaves' src/core/quorum.cpp '// V.' '#include <redlock/lock.hpp>'
breach 'stands above it: redis/connect/b.hpp' src/redis/server/a.hpp '// A.' '#pragma once' \
    '#include "redis/connect/b.hpp"'
breach 'stands above it: redis/cluster/b.hpp' src/redis/sentinel/a.hpp '// A.' '#pragma once' \
    '#include "redis/cluster/b.hpp"'
breach 'stands above it: redis/link.hpp' src/redis/server/a.hpp '// A.' '#pragma once' '#include "redis/link.hpp"'
breach 'stands above it: redis/make_link.hpp' src/redis/cluster/a.hpp '// A.' '#pragma once' \
    '#include "redis/make_link.hpp"'
breach 'asks the system by itself' src/redis/wire.cpp '// W.' 'auto now = boot_clock::now();'
breach 'asks the system by itself' src/driver/node.cpp '// N.' 'std::random_device chance;'
breach 'only the blocking mutex' src/driver/node.cpp '// N.' 'std::thread worker;'
breach 'only src/outside knows' src/redis/wire.cpp '// W.' '#include "outside/system/machine.hpp"'
breach 'redis may not include unistd.h' src/redis/wire.cpp '// W.' '#include <unistd.h>'
breach 'neither reads a clock' src/core/quorum.cpp '// V.' '#include <random>'
breach 'redis may not include core/quorum.hpp' src/redis/wire.cpp '// W.' '#include "core/quorum.hpp"'
breach 'redis may not include driver/node.hpp' src/redis/wire.cpp '// W.' '# include "driver/node.hpp"'
breach 'only the public leaves' src/redis/wire.cpp '// W.' '#include "redlock/lock.hpp"'
breach 'only src/redis/wire/resp_reader' src/redis/wire.cpp '// W.' '#include <hiredis/read.h>'
breach 'driver may not include manager/x.hpp' src/driver/node.cpp '// N.' '#include "manager/x.hpp"'
breach 'cli may not include core/quorum.hpp' src/cli/main.cpp '// M.' '#include "core/quorum.hpp"'
breach 'cli may not include driver/node.hpp' src/cli/main.cpp '// M.' '#include "driver/node.hpp"'
breach 'cli may not include base/forks.hpp' src/cli/main.cpp '// M.' '#include "base/forks.hpp"'
breach 'stands above it: cli/output/x.hpp' src/cli/process/spawn.cpp '// S.' '#include "cli/output/x.hpp"'
breach 'stands above it: cli/app.hpp' src/cli/process/spawn.cpp '// S.' '#include "cli/app.hpp"'
breach 'stands above it: cli/base/x.hpp' src/cli/new/a.hpp '// A.' '#pragma once' '#include "cli/base/x.hpp"'
breach 'faults may not include core/quorum.hpp' faults/a.cpp '// F.' '#include "core/quorum.hpp"'
breach 'faults may include of the tests only' faults/a.cpp '// F.' '#include "integration/proxy.hpp"'
breach 'climbs' src/cli/main.cpp '// M.' '#include "../driver/node.hpp"'
breach 'public may not include hiredis' include/redlock/lock.hpp '// L.' '#pragma once' \
    '#include <hiredis/hiredis.h>'
breach 'public may not include openssl' include/redlock/lock.hpp '// L.' '#pragma once' \
    '#include <openssl/ssl.h>'
breach 'public may not include core/' include/redlock/lock.hpp '// L.' '#pragma once' \
    '#include "core/quorum.hpp"'
breach 'without #pragma once' include/redlock/lock.hpp '// L.'
breach 'using namespace' include/redlock/lock.hpp '// L.' '#pragma once' 'using namespace std;'
breach 'does not open with' src/redis/wire.cpp '#include <vector>'
breach 'unfinished work' src/redis/wire.cpp '// W.' "// TO""DO: write it"
breach 'in no sources.cmake' src/redis/stray.cpp '// S.'
breach 'in no sources.cmake' tests/core/quorum_test.cpp '// T.'
breach 'not "YYYY-MM-DD' docs/decisions/seam.md '# Seam' '' '2026-11-29' '' '## Rejected'
breach 'not "YYYY-MM-DD' docs/decisions/seam.md '# Seam' '2026-11-29, accepted' '' '## Rejected'
breach 'no section "## Rejected"' docs/decisions/seam.md '# Seam' '' '2026-11-29, accepted' '' 'Rejected:'
# shellcheck disable=SC2046 # a line a number
breach 'longer than 450 lines' src/redis/wire.cpp '// W.' $(seq 450)

[ "$failed" -eq 0 ] && echo "house_test: every breach is noticed"
exit "$failed"
