#!/bin/sh
# Installs the packages in a fresh root of this Debian release and uses them as users would; so with the
# tarball, if there is one. As root.
# PACKAGE_ROOT_KEEP=FOLDER keeps a copy of the fresh root there, which the next run begins with, and the root
# that was used.
#
# test.sh FOLDER, with the packages and the tarball in it
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=tests/fresh_root.sh
. tests/fresh_root.sh
packages=$1

folder=${PACKAGE_ROOT_KEEP:-$(mktemp -d /var/tmp/redlock-package-XXXXXX)}
[ -n "${PACKAGE_ROOT_KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
root=$folder/used
rm -rf "$root"

# The same packages under a lower version, to upgrade from. They are packed anew and not built anew.
older() {
    mkdir -p "$root/older"
    for package in redlock libredlock0; do
        dpkg-deb --raw-extract "$packages"/"${package}"_*.deb "$folder/older"
        sed -i 's/^Version: .*/&~1/; s/libredlock0 (>= [^)]*/&~1/' "$folder/older/DEBIAN/control"
        dpkg-deb --root-owner-group -Znone --build "$folder/older" "$root/older" >/dev/null
        rm -rf "$folder/older"
    done
}

suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
case $suite in bookworm | trixie) ;; *)
    echo "package: --test is for packages that were built on Debian 12 or 13, and not on $suite" >&2
    exit 77
    ;;
esac
echo "package: a fresh $suite" >&2
make_root "$folder/$suite" "$suite"
if [ -n "${PACKAGE_ROOT_KEEP:-}" ]; then
    cp -a "$folder/$suite" "$root"
else
    mv "$folder/$suite" "$root"
fi
# Nothing of this root has to outlive a loss of power, and no service is to start in it.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/packages" "$root/tests"
find "$packages" -maxdepth 1 \( -name '*.deb' -o -name '*.tar.gz' \) -exec cp {} "$root/packages" \;
older
cp -r tests/install tests/packaging docs/installing.md "$root/tests"
inside "$root" sh /tests/packaging/in_root.sh
