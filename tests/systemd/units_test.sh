#!/bin/sh
# The units among the examples: systemd finds no mistake in them, each command line is one that this redlock
# understands, and the exporter's unit stays shut. Needs no running systemd.
#
# usage: units_test.sh REDLOCK ROOT      status 77: skipped, for want of systemd-analyze
set -eu
redlock=$1
units=$2/examples/systemd
if ! command -v systemd-analyze >/dev/null; then
    echo "skipped: no systemd-analyze (Debian's package systemd)"
    exit 77
fi
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
failed=0
wrong() { echo "units: $*" >&2; failed=1; }

# The programs that the units name are not here; systemd would find fault with that only.
for each in "$units"/*.service "$units"/*.timer; do
    name=$(basename "$each" | sed 's/@\./@some./')
    sed -e "s,^ExecStart=/usr/bin/redlock,ExecStart=$redlock," "$each" >"$here/$name"
done
for each in "$here"/*; do
    # A fault of a unit of this machine, which ours are ordered after, is none of ours.
    systemd-analyze --man=no verify "$each" >"$here.said" 2>&1 || wrong "verify fails for $(basename "$each")"
    grep -F "$(basename "$each")" "$here.said" >&2 && wrong "verify finds fault with $(basename "$each")"
done
rm -f "$here.said"

# What stands before the "--" is a line of ours. With a node that is not there, one that redlock
# understands ends with 69, and any other with 64.
for each in "$here"/*.service; do
    line=$(sed -n "s,^ExecStart=[^ ]* \(.*\)$,\1,p" "$each")
    # shellcheck disable=SC2086 # the words of the line
    case $line in
        exporter*) ! "$redlock" --help | grep -q '^  exporter ' || "$redlock" exporter --help >"$here/help" ||
            wrong "no redlock exporter" ;;
        *)
            status=0
            "$redlock" ${line%% -- *} --nodes redis://127.0.0.1:1 --quorum-timeout 10ms -- true \
                2>"$here/help" || status=$?
            [ "$status" -eq 69 ] || { cat "$here/help" >&2; wrong "redlock ends with $status: $line"; }
            ;;
    esac
done

# 0 is shut, 10 open; 2.0 is what systemd calls OK. The network itself costs 0.9.
if systemd-analyze security --help >/dev/null 2>&1; then
    systemd-analyze security --offline=true --threshold=20 "$here/redlock-exporter.service" >"$here/table" ||
        { cat "$here/table" >&2; wrong "redlock-exporter.service is open"; }
fi
[ "$failed" -eq 0 ] && echo "units: all in order"
exit "$failed"
