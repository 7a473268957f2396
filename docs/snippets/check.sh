#!/bin/sh
# Compares each piece of code that a page shows with the part of a snippet file that it was taken
# from. A page names it in the line before the fence: <!-- snippet: FILE NAME -->. Prints every
# difference; fails if there is one, or if a page names a snippet that does not exist.
#
# usage: check.sh ROOT
set -eu
cd "$1"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# The part of a file between its two marks.
marked() {
    awk -v name="$2" '
        $0 == "// end of snippet" { inside = 0 }
        inside { print }
        $0 == "// snippet: " name { inside = 1 }
    ' "docs/snippets/$1"
}

# The fence that follows a page's mark.
shown() {
    awk -v mark="<!-- snippet: $2 $3 -->" '
        inside && /^```/ { exit }
        inside { print }
        found && /^```/ { inside = 1 }
        $0 == mark { found = 1 }
    ' "$1"
}

failed=0
grep -o '^<!-- snippet: .* -->$' README.md docs/*.md docs/tutorial/*.md >"$here/marks"
while IFS= read -r line; do
    page=${line%%:*}
    rest=${line#*snippet: }
    rest=${rest% -->}
    file=${rest% *}
    name=${rest#* }
    marked "$file" "$name" >"$here/marked"
    shown "$page" "$file" "$name" >"$here/shown"
    if [ ! -s "$here/marked" ] || ! diff -u "$here/marked" "$here/shown"; then
        echo "$page: shows $file $name otherwise than the file has it" >&2
        failed=1
    fi
done <"$here/marks"
[ "$failed" -eq 0 ] && echo "snippets: $(wc -l <"$here/marks") shown as they are compiled"
exit "$failed"
