#!/bin/sh
# The top level holds what the design says; every layer kind has its three files; sources stay of readable size.   tree.sh ROOT
set -eu
cd "$1"
# what belongs to the project is what git keeps: files that a user has put beside it are his
kept() {
    [ -e .git ] && command -v git >/dev/null 2>&1 && git -c safe.directory='*' ls-files 2>/dev/null
}
if top=$(kept) && [ -n "$top" ]; then
    for entry in $(echo "$top" | cut -d / -f 1 | sort -u); do
        case $entry in
        .ci | .clang-format | .gitignore | CMakeLists.txt | CMakePresets.json | README.md | LICENSE | include | lib | examples | tests | docs) ;;
        *) echo "at the top level: $entry"; exit 1 ;;
        esac
    done
else
    echo "tree: the top level is not looked at: no git, or no checkout of it"
fi
for folder in lib/ops/*/; do
    kind=$(basename "$folder")
    for file in "$kind.c" "${kind}_ref.c" "$kind.md"; do
        [ -s "$folder$file" ] || { echo "$folder lacks $file"; exit 1; }
    done
done
find lib -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 500 { print $2 " has " $1 " lines: it is probably two things"; bad = 1 } END { exit bad }'
if grep -rnE 'fast-math|-Ofast' lib examples CMakeLists.txt CMakePresets.json tests --include='*.c' --include='*.h' --include='*.cmake' --include='*.txt' --include='*.json'; then
    echo "flags that flush denormals"; exit 1
fi
echo "tree: as designed"
