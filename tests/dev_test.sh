#!/bin/sh
# What ./dev asks the system for, and that it removes nothing: with an apt and a dpkg of our own, which
# only write down what they were asked.  dev_test.sh DEV
set -u
unset REDLOCK_SERVER
dev=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# fake_system INSTALLED...: these packages are there; what apt-get would push out is in `removals`.
fake_system() {
    printf '%s\n' "$@" >"$folder/installed"
    : >"$folder/removals"
    : >"$folder/asked"
    cat >"$folder/dpkg-query" <<'END'
#!/bin/sh
for pattern do :; done
case $pattern in
    *\**) sed 's/^/installed /' "${0%/*}/installed" ;;
    *) grep -qx "$pattern" "${0%/*}/installed" && printf installed ;;
esac
END
    cat >"$folder/apt-get" <<'END'
#!/bin/sh
case " $* " in
    *' update '*) ;;
    *' -s '*) sed 's/^\(.*\)$/Remv \1 [1.0]/' "${0%/*}/removals" ;;
    *) echo "$*" >>"${0%/*}/asked"; exit 1 ;;
esac
END
    printf '#!/bin/sh\nexec "$@"\n' >"$folder/sudo"
    chmod +x "$folder/dpkg-query" "$folder/apt-get" "$folder/sudo"
}

# said ENVIRONMENT...: what `./dev models` or whatever `command` is says.
said() {
    env "$@" PATH="$folder:$PATH" sh "$dev" "$command" 2>&1
}

expect() {
    if printf '%s\n' "$3" | grep -q -- "$2"; then
        echo "ok: $1"
    else
        printf 'WRONG: %s: no "%s" in: %s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

expect_not() {
    if printf '%s\n' "$3" | grep -q -- "$2"; then
        printf 'WRONG: %s: "%s" in: %s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    else
        echo "ok: $1"
    fi
}

command=demo
fake_system none
expect 'a server is wanted' ' redis-server' "$(said REDLOCK_NO_INSTALL=1)"
expect 'a Boost from 1.81 on is wanted' 'libboost1\.8[0-9]-dev libboost-url1\.8[0-9]-dev' \
    "$(said REDLOCK_NO_INSTALL=1)"

expect_not 'a demo needs no proxies' 'haproxy' "$(said REDLOCK_NO_INSTALL=1)"
expect_not 'nor Lua' 'lua' "$(said REDLOCK_NO_INSTALL=1)"
command=build
expect 'the tests need Lua' ' liblua5\.1-0-dev' "$(said REDLOCK_NO_INSTALL=1)"
expect 'the tests run real proxies' ' haproxy nutcracker' "$(said REDLOCK_NO_INSTALL=1)"
command=package
expect 'packages are built by debhelper' ' debhelper lintian' "$(said REDLOCK_NO_INSTALL=1)"
expect_not 'and need no server' 'redis-server' "$(said REDLOCK_NO_INSTALL=1)"
expect_not 'nor a root, if they are not tested' 'debootstrap' "$(said REDLOCK_NO_INSTALL=1)"
command=demo

command=stores
text=$(said REDLOCK_NO_INSTALL=1)
expect 'the recipes for stores run on real ones' ' postgresql mariadb-server-core' "$text"
expect_not 'but with no service of MariaDB' 'mariadb-server ' "$text"
command=demo

fake_system valkey-server libboost1.86-dev libboost1.74-dev
text=$(said REDLOCK_NO_INSTALL=1)
expect 'the Boost that is there is taken' 'libboost-url1\.86-dev.*libboost-json1\.86-dev' "$text"
expect_not 'and an old one is not' '1\.74' "$text"
expect_not 'Valkey will do' 'redis-server' "$text"

fake_system libboost1.74-dev
text=$(said REDLOCK_NO_INSTALL=1)
expect 'too old a Boost is no Boost' 'libboost1\.8[0-9]-dev' "$text"
expect_not 'a server named by hand will do' 'redis-server' \
    "$(said REDLOCK_NO_INSTALL=1 REDLOCK_SERVER=/opt/server)"

printf 'libboost1.74-dev\nlibboost-all-dev\n' >"$folder/removals"
text=$(said REDLOCK_NO_INSTALL=)
status=$?
expect 'what would be pushed out is named' 'pushed out: libboost1.74-dev libboost-all-dev' "$text"
expect 'the page is named' 'When another Boost is installed' "$text"
expect 'it is an error' '^69$' "$status"
expect 'and nothing was asked of apt' '^0$' "$(grep -c install "$folder/asked")"
: >"$folder/removals"
said REDLOCK_NO_INSTALL= >/dev/null
expect 'apt is never let remove anything' '--no-remove' "$(cat "$folder/asked")"

# The rule that keeps services off ends with the command, whatever becomes of it; one that is there stays.
without=$(dirname "$0")/stores/without_services.sh
rule=$folder/policy
export REDLOCK_POLICY="$rule"
expect 'no service starts' '^101$' "$(sh "$without" sh -c '"$REDLOCK_POLICY"; echo $?; false' || true)"
expect 'the rule is gone' '^gone$' "$([ -e "$rule" ] || echo gone)"
echo theirs >"$rule"
sh "$without" true
expect 'a rule of others stays' '^theirs$' "$(cat "$rule")"

[ "$failures" -eq 0 ] || { echo "$failures wrong"; exit 1; }
