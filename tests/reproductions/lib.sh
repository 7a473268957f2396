# What the reproductions share. Each is a script that shows one fault as a user met it, and says for
# each claim whether it holds now. Source this file first; it needs REDLOCK, the path of the command.
# shellcheck shell=sh
set -u
: "${REDLOCK:?set it to the path of the redlock command}"
failures=0

# The servers that `redlock local` starts, and the client that comes with them. Some come without, and
# every client will do.
server_program=${REDLOCK_SERVER:-$(command -v redis-server || command -v valkey-server)}
client_program=$(command -v "${server_program%-server}-cli" || command -v redis-cli || command -v valkey-cli) ||
    { echo "there is neither redis-cli nor valkey-cli" >&2; exit 69; }

# in_servers N "$@": runs the calling script again with N throwaway servers, named in REDLOCK_NODES.
in_servers() {
    count=$1
    shift
    [ -n "${REPRODUCTION_INSIDE:-}" ] ||
        REPRODUCTION_INSIDE=$(mktemp -d) exec "$REDLOCK" local -n "$count" -- sh "$0" "$@"
    folder=$REPRODUCTION_INSIDE
    trap 'rm -rf "$folder"' EXIT
    cd "$folder" || exit 1
}

# node I: the URL of the I-th server, from 1.
node() {
    printf '%s\n' "$REDLOCK_NODES" | cut -d , -f "$1"
}

# redis I COMMAND...: asks the I-th server.
redis() {
    url=$(node "$1")
    shift
    "$client_program" -p "${url##*:}" "$@"
}

# on_all COMMAND...: asks each server.
on_all() {
    for url in $(printf '%s\n' "$REDLOCK_NODES" | tr , ' '); do
        "$client_program" -p "${url##*:}" "$@"
    done
}

# expect WHAT WANTED FOUND
expect() {
    if [ "$2" = "$3" ]; then
        printf 'ok: %s: %s\n' "$1" "$3"
    else
        printf 'WRONG: %s: wanted %s, found %s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

# expect_text WHAT PATTERN TEXT: a basic regular expression.
expect_text() {
    if printf '%s\n' "$3" | grep -q -- "$2"; then
        printf 'ok: %s: %s\n' "$1" "$(printf '%s\n' "$3" | grep -m 1 -- "$2")"
    else
        printf 'WRONG: %s: wanted "%s", found: %s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

# until_true COMMAND...: waits for an event that has no descriptor, at most 20 s.
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 1000 ] || { echo "WRONG: never true: $*"; exit 1; }
        sleep 0.02
    done
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    echo "all as it should be"
}
