#!/bin/sh
# Each public header alone, as C99 and as C++17, without a warning; at most 40 functions; no struct by value, varargs or exported data.   headers.sh ROOT
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for header in "$1"/include/deepid/*.h; do
    name=$(basename "$header")
    echo "#include <deepid/$name>" >"$work/one.c"
    echo "int main(void) { return 0; }" >>"$work/one.c"
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$1/include" -fsyntax-only "$work/one.c"
    if command -v c++ >/dev/null 2>&1; then
        cp "$work/one.c" "$work/one.cpp"
        c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$1/include" -fsyntax-only "$work/one.cpp"
    fi
    functions=$(grep -c '^DEEPID_API' "$header" || true)
    [ "$functions" -le 40 ] || { echo "$name has $functions functions, expected at most 40"; exit 1; }
    # A prototype is one line here, wherever it was broken.
    awk '/^DEEPID_API/ {open = 1; text = ""} open {text = text " " $0} open && /;$/ {print text; open = 0}' "$header" >"$work/prototypes"
    if grep -nE '(\.\.\.|\bstruct\b|\benum\b|\blong\b|\bsize_t\b|\bbool\b)' "$work/prototypes"; then echo "$name: a signature that other languages cannot call"; exit 1; fi
    if grep -nE '^extern ' "$header" | grep -v 'extern "C"'; then echo "$name: exported data"; exit 1; fi
done
echo "headers: clean"
