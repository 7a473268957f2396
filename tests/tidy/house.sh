#!/bin/sh
# Reads the sources and fails on what breaks the rules of the house: an include that points the wrong
# way, a file too long, a file without its opening words, a file that no list names, a decision without
# its date or its alternatives. Prints each breach as path:line: what. POSIX sh and awk only, so that it
# runs wherever the build runs.
#
# usage: house.sh ROOT
set -eu
cd "$1"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

for folder in include src testing prometheus sim faults tests bench examples cmake docs models python packaging; do
    [ ! -d "$folder" ] || find "$folder" -type f
done | sort >"$here/all"
for file in dev .ci/run CMakeLists.txt README.md; do
    [ ! -f "$file" ] || echo "$file"
done >>"$here/all"
grep -E '\.(cpp|hpp)$' "$here/all" >"$here/code" || true
grep -E '(\.(cpp|hpp|lua|sh|cmake|md|txt|pml)|^dev|^\.ci/run|^models/run)$' "$here/all" >"$here/text" || true

# shellcheck disable=SC2016 # awk's dollars, not the shell's
arrows() {
    xargs awk '
    function breach(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }

    # The room that a file of ours lies in.
    function room_of(path) {
        if (path ~ /^include\/redlock\//) return "public"
        if (path ~ /^src\/asio\.cpp$/) return "asio"
        if (path ~ /^src\/[a-z]+\//) { sub(/^src\//, "", path); sub(/\/.*/, "", path); return path }
        sub(/\/.*/, "", path)
        return path
    }

    # How high a file of a room with wings stands: by its wing, or by itself where the order names it.
    # What else lies in no wing stands on top of all; a wing that the order does not name stands at the
    # bottom, where it may include nothing of the others.
    function height_of(path,    parts, count, at) {
        count = split(path, parts, "/")
        at = index(wings[parts[1]], " " parts[2] " ")
        return at == 0 && count < 3 ? 999 : at
    }

    # One inner header is lent to the command, which has no other way to a timer that counts suspend.
    function is_lent(name) {
        return (room == "cli" && name == "base/boot_timerfd.hpp") ||
            (FILENAME == "include/redlock/prometheus.hpp" && name ~ /^prometheus\//) ||
            (room == "core" && (name == "base/recycled.hpp" || name ~ /^boost\/smart_ptr\/intrusive_/))
    }

    # What an include leads to: one of our rooms, a library, the standard library or the system.
    function target_of(name, quoted,    first) {
        first = name
        sub(/\/.*/, "", first)
        if (first == "redlock") return "public"
        if (first == "prometheus" && !quoted) return "prometheus_cpp"
        if (first == "toml++") return "toml"
        if (quoted && first ~ /^(base|core|endpoint|outside|testing|prometheus|redis|driver|doctor|manager|scripts|configuration|cli|sim|bench|faults)$/) return first
        if (quoted && first ~ /^(support|integration|fuzz)$/) return "tests"
        if (quoted && name !~ /\//) return "neighbour"
        if (first ~ /^(hiredis|openssl|boost|fmt|CLI|gtest|gmock|rapidcheck|benchmark)(\.h)?$/) {
            sub(/\.h$/, "", first)
            return first
        }
        if (first == "lua.hpp") return "lua"
        if (quoted) return "unknown"
        if (name ~ /\.h$/) return "system"
        return "std"
    }

    BEGIN {
        # The wings of a room from the ground up. No arrow runs up.
        wings["redis"] = " wire server link.hpp connect sentinel cluster "
        wings["cli"] = " base process output options commands run demo exporter "
        leaf = " types error clock "
        # Who may include whom. Whoever is not named here may not.
        may["public"]   = " public boost std "
        may["asio"]     = " boost "
        may["cmake"]    = " boost "
        may["base"]     = " base public boost fmt std system "
        may["core"]     = " core public std "
        may["scripts"]  = " scripts std "
        may["endpoint"] = " endpoint public boost fmt std system "
        may["outside"]  = " outside base public boost fmt std system openssl "
        may["testing"]  = " testing outside public boost std openssl lua "
        may["prometheus"] = " prometheus prometheus_cpp public boost std "
        may["redis"]    = " redis outside base endpoint public boost fmt std hiredis "
        may["driver"]   = " driver outside base core redis scripts public boost fmt std "
        may["doctor"]   = " doctor driver outside base core redis scripts public boost fmt std "
        may["manager"]  = " manager doctor driver outside base core redis scripts public boost fmt std "
        may["configuration"] = " configuration public boost toml std "
        may["cli"]      = " cli public boost fmt CLI prometheus_cpp std system "
        may["examples"] = " examples neighbour public boost fmt std system "
        may["bench"]    = " bench neighbour public boost fmt std system "
        may["sim"]      = " sim testing driver scripts core public boost fmt std gtest "
        may["faults"]   = " faults tests public boost fmt CLI std system "
        may["python"]   = " neighbour public boost std system "
        may["docs"]     = may["examples"] " gtest prometheus_cpp "
        may["tests"]    = " base core endpoint outside testing prometheus_cpp redis driver doctor manager scripts configuration cli sim faults tests neighbour public" \
                          " boost fmt CLI std system hiredis openssl gtest gmock rapidcheck "
    }

    FNR == 1 {
        room = room_of(FILENAME)
        inner = FILENAME
        sub(/^src\//, "", inner)
    }

    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        line = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
        quoted = substr(line, 1, 1) == "\""
        name = substr(line, 2)
        sub(/[">].*/, "", name)
        target = target_of(name, quoted)

        if (name ~ /\.\./) {
            breach("\"" name "\" climbs: write the path from the include root")
        } else if (index(may[room], " " target " ") == 0 && !is_lent(name)) {
            breach(room " may not include " name " (" target ")")
        } else if (room in wings && target == room && height_of(name) > height_of(inner)) {
            breach(inner " may not include what stands above it: " name)
        } else if (room == "faults" && target == "tests" && name !~ /^support\//) {
            breach("faults may include of the tests only support/ and not " name)
        } else if (name ~ /^outside\/system\// && room !~ /^(outside|tests)$/) {
            breach("what the system is like only src/outside knows: " name)
        } else if (target == "hiredis" && FILENAME !~ /^src\/redis\/wire\/resp_reader\.(cpp|hpp)$/ &&
                   FILENAME !~ /^tests\/support\//) {
            breach("only src/redis/wire/resp_reader may include hiredis")
        } else if (name ~ /^boost\/asio\/ssl/ && room !~ /^(outside|asio|cmake|tests)$/) {
            breach("TLS belongs in src/outside")
        } else if (target == "public" && (room == "core" || room == "redis")) {
            part = name
            sub(/^redlock\//, "", part)
            sub(/\.hpp$/, "", part)
            allowed = room == "redis" ? leaf "endpoint " : leaf
            if (index(allowed, " " part " ") == 0)
                breach(room " may include only the public leaves" allowed "and not " name)
        } else if (room == "core" && target == "std" &&
                   name ~ /^(iostream|fstream|thread|mutex|condition_variable|random|ctime)$/) {
            breach("core neither reads a clock nor draws a number nor does I/O: " name)
        }
    }

    # All that lies outside stands behind one interface: what asks the system by itself cannot be
    # simulated.
    room ~ /^(core|endpoint|redis|driver|doctor|manager)$/ && !/^[ \t]*\/\// {
        if (match($0, /boot_clock::now|system_clock|steady_clock|random_device|steady_timer|waitable_timer/))
            breach("asks the system by itself, and not src/outside: " substr($0, RSTART, RLENGTH))
        else if (/std::thread [a-z]/ && FILENAME != "src/manager/mutex.cpp")
            breach("only the blocking mutex has a thread")
    }
    ' <"$here/code"
}

# shellcheck disable=SC2016 # awk's dollars, not the shell's
shape() {
    xargs awk -v code="$here/code" '
    function breach(line, what) { printf "%s:%d: %s\n", path, line, what }
    function finish() {
        if (path == "") return
        if (count > 450 && path != "docs/python/reference.md") breach(count, "longer than 450 lines")
        if (path ~ /\.hpp$/ && !once) breach(1, "a header without #pragma once")
    }
    BEGIN { while ((getline name < code) > 0) headers[name] = 1 }
    FNR == 1 {
        finish()
        path = FILENAME; count = 0; once = 0
        # A .cpp file with a header of its name, beside it or public, has its opening words there.
        header = public = path
        sub(/\.cpp$/, ".hpp", header)
        sub(/.*\//, "include/redlock/", public)
        sub(/\.cpp$/, ".hpp", public)
        opened = path ~ /\.cpp$/ && (header in headers || public in headers)
        if (path ~ /\.(cpp|hpp)$/ && $0 !~ /^\/\// && !opened)
            breach(1, "does not open with what the file owns")
    }
    { count++ }
    /^#pragma once/ { once = 1 }
    path ~ /\.hpp$/ && path !~ /^tests\// && /^[ \t]*using namespace/ {
        breach(FNR, "using namespace in a header")
    }
    path ~ /\.(cpp|hpp|lua)$/ && /(TODO|FIXME)/ { breach(FNR, "unfinished work") }
    END { finish() }
    ' <"$here/text"
}

# Every .cpp file and public header is named in a list: a test that nobody builds passes for ever.
listed() {
    find . \( -path './build*' -o -name .git \) -prune -o \
        \( -name sources.cmake -o -name headers.cmake -o -name CMakeLists.txt \) -type f \
        -exec cat {} + >"$here/lists"
    grep -E '\.cpp$|^include/redlock/.*\.hpp$' "$here/code" | while IFS= read -r file; do
        inner=${file#src/}
        case $file in
            examples/*) inner=$(basename "$file" .cpp) ;;
            tests/install/* | tests/packaging/*) inner=$(basename "$file") ;;
            python/*) inner=${file#python/} ;;
        esac
        grep -qF -- "$inner" "$here/lists" || echo "$file:1: in no sources.cmake: it is never built"
    done
}

# Each decision says when it was made and whether it stands, and which alternatives lost.
decisions() {
    grep '^docs/decisions/.*\.md$' "$here/all" | grep -v '/README\.md$' | while IFS= read -r page; do
        sed -n 3p "$page" | grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}, ' ||
            echo "$page:3: not \"YYYY-MM-DD, accepted\" or \"..., superseded by PAGE\""
        grep -qx '## Rejected' "$page" || echo "$page:1: no section \"## Rejected\""
    done
}

{
    arrows
    shape
    listed
    decisions
} >"$here/breaches"

if [ -s "$here/breaches" ]; then
    cat "$here/breaches"
    echo "house: $(wc -l <"$here/breaches") breaches" >&2
    exit 1
fi
echo "house: $(wc -l <"$here/code") files, all in order"
