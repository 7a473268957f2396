#!/bin/sh
# Which Pythons are here, for the scripts of this folder.

# The path of each from 3.11 on, one a version, the oldest first.
interpreters() {
    {
        for name in python3 python3.11 python3.12 python3.13 python3.14 python3.15; do
            command -v "$name" || true
        done
        ! command -v pyenv >/dev/null || ls -d "$(pyenv root)"/versions/3.*/bin/python 2>/dev/null
    } | while read -r path; do
        "$path" -c 'import sys, sysconfig
if sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print(sys.version_info[1], sys.executable)' 2>/dev/null || true
    done | sort -n -k 1,1 -u | cut -d ' ' -f 2
}

# One interface from 3.12 on.
abi_of() {
    "$1" -c 'import sys; print("cp311" if sys.version_info < (3, 12) else "abi3")'
}
