#!/bin/sh
# Runs in a fresh root of Debian, as root: /packages has the packages and the tarball, /older packages of
# a lower version, /tests what is compiled. Says what it does, and stops at the first thing that is wrong.
set -eu
export DEBIAN_FRONTEND=noninteractive PATH="/usr/local/bin:$PATH"
mkdir -p /root/work
cd /root/work
started=$(date +%s)

step() { echo "package: $(($(date +%s) - started)) s: $*" >&2; }
wrong() { echo "package: WRONG: $*" >&2; exit 1; }

# Apt is told of only if it fails.
apt() {
    apt-get -q "$@" >apt.log 2>&1 || { cat apt.log >&2; wrong "apt-get $*"; }
}

# All files and folders but those that apt and dpkg keep for themselves, and what a restart empties.
files() {
    find / -xdev \( -path /proc -o -path /dev -o -path /root -o -path /run -o -path /tmp -o -path /var/cache \
        -o -path /var/lib/apt -o -path /var/log -o -path /packages -o -path '/var/lib/dpkg/*-old' \) -prune \
        -o -print | LC_ALL=C sort
}

# shellcheck source=tests/packaging/use.sh
. /tests/packaging/use.sh

in_packages() { cd /packages; shown "$1"; cd /root/work; }

# As the pages have no place for it.
cat >/etc/apt/apt.conf.d/of-this-test <<'END'
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
END

tarball=$(find /packages -name '*.tar.gz')
if [ -n "$tarball" ]; then
    step "the tarball, with nothing else installed"
    in_packages tarball
    redlock --version
fi

step "servers and tools"
apt update
apt install redis-server man-db bash-completion ca-certificates openssl systemd

if [ -n "$tarball" ]; then
    step "the tarball over servers"
    use_command
    use_tls
    tar -tzf "$tarball" | sed -n 's,^[^/]*/\(.*[^/]\)$,/usr/local/\1,p' | xargs rm
    find /usr/local -depth -type d -path '*redlock*' -empty -delete
    hash -r
    ! command -v redlock || wrong "the tarball's command is still there"
else
    step "skipped: the tarball, which is built on Debian 12 only"
fi
files >before

step "upgrade from a lower version"
apt install /older/*.deb
redlock --version
[ "$(dpkg-query -W -f '${Version}' redlock)" = "$(dpkg-query -W -f '${Version}' libredlock0)" ]
old=$(dpkg-query -W -f '${Version}' redlock)
in_packages command
apt install /packages/libredlock-doc_*.deb
new=$(dpkg-query -W -f '${Version}' redlock)
dpkg --compare-versions "$old" lt "$new" || wrong "upgraded from $old to $new"

step "the command of the packages"
use_command
use_tls
use_completion
use_units
man redlock | grep -q 'distributed locks over independent Redis servers' || wrong "the man page"
use_pages
use_demo

step "purged"
apt purge libredlock-doc
shown remove
files >after
diff before after || wrong "something was left behind"

step "what programs are compiled with"
in_packages library
apt install g++ cmake make pkgconf /packages/redlock_*.deb
use_library
step "and their tests and metrics"
apt install /packages/libredlock-testing-dev_*.deb /packages/libredlock-prometheus-dev_*.deb
use_parts
step "removed"
apt remove redlock libredlock0 libredlock-dev libredlock-testing-dev libredlock-prometheus-dev
left=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' '*redlock*' 2>/dev/null | grep -v '^not-installed') || true
[ -z "$left" ] || wrong "left to purge: $left"
left=$(find / -xdev \( -path /root -o -path /tests -o -path /packages -o -path /older -o -path /var/cache \) -prune -o \
    -name '*redlock*' -print)
[ -z "$left" ] || wrong "left behind: $left"
step "all in order"
