#!/bin/sh
# Builds the site into build/site and fails on any warning: of Doxygen, of mkdocs (broken links and
# anchors, pages that the navigation leaves out), of codespell, or of anything in the site that would be
# loaded from elsewhere. With --test also opens it from a file in a browser.
#
# usage: build.sh [--test]
set -eu
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "docs: $*" >&2; }
die() { say "$*"; exit 1; }

case ${1:-} in '' | --test) ;; *) say "no such option: $1 (only --test)"; exit 64 ;; esac

tools=build/docs-venv
if ! cmp -s docs/site/requirements.txt "$tools/installed"; then
    say "installing mkdocs-material from PyPI"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check -r docs/site/requirements.txt >&2
    cp docs/site/requirements.txt "$tools/installed"
fi

say "spelling"
git ls-files '*.md' '*.dot' docs/man | xargs codespell --ignore-words docs/site/spelling.txt >&2 ||
    die "codespell found the words above: correct them, or add them to docs/site/spelling.txt"

say "the reference of the headers"
rm -rf build/doxygen build/pages build/site
mkdir -p build/doxygen build/pages/assets
doxygen docs/site/Doxyfile
# Doxygen does not see the templates of Boost and std that the headers specialise; it says so each time.
if grep -vE 'Internal inconsistency: scope for class (boost|std)::' build/doxygen/warnings >&2; then
    die "Doxygen warned, see above"
fi
python3 docs/site/cpp_reference.py build/doxygen/xml include/redlock build/pages/docs/cpp

say "the pages"
python3 docs/site/stage.py . build/pages
cp docs/site/iframe-worker.js docs/site/site.css build/pages/assets/
for picture in docs/images/*.dot; do
    # Those that place their nodes themselves say so in their first lines.
    engine=$(sed -n 's/^\/\/ *\([a-z]*\) -n* *-Tsvg.*/\1/p' "$picture")
    "${engine:-dot}" ${engine:+-n} -Tsvg "$picture" -o "build/pages/docs/images/$(basename "$picture" .dot).svg"
done

say "mkdocs"
# The theme prints an announcement of its makers; nothing of ours is in it.
NO_MKDOCS_2_WARNING=1 "$tools/bin/mkdocs" build --strict >build/mkdocs.log 2>&1 || {
    cat build/mkdocs.log >&2
    die "mkdocs failed, see above"
}
if grep -E '^(WARNING|ERROR)' build/mkdocs.log >&2; then die "mkdocs warned, see above"; fi

python3 docs/site/closed.py build/site
say "built: file://$PWD/build/site/index.html"
[ "${1:-}" != --test ] || exec /usr/bin/python3 docs/site/browse.py build/site build/site-shots
