#!/bin/sh
# The top level holds what the design says; every layer kind has its three files; sources stay of readable size.   tree.sh ROOT
set -eu
cd "$1"
for entry in *; do
    case $entry in
    CMakeLists.txt | CMakePresets.json | README.md | LICENSE | include | lib | examples | tests | docs | build | out) ;;
    *) echo "at the top level: $entry"; exit 1 ;;
    esac
done
for folder in lib/ops/*/; do
    kind=$(basename "$folder")
    for file in "$kind.c" "${kind}_ref.c" "$kind.md"; do
        [ -s "$folder$file" ] || { echo "$folder lacks $file"; exit 1; }
    done
done
for file in $(find lib -name '*.[ch]'); do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] || { echo "$file has $lines lines: it is probably two things"; exit 1; }
done
if grep -rnE 'fast-math|-Ofast' lib examples CMakeLists.txt CMakePresets.json tests --include='*.c' --include='*.h' --include='*.cmake' --include='*.txt' --include='*.json'; then
    echo "flags that flush denormals"; exit 1
fi
echo "tree: as designed"
