#!/bin/sh
# What the README shows compiles and runs.   readme.sh ROOT BUILD
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$1/README.md" >"$work/program.c"
[ -s "$work/program.c" ] || { echo "the README has no C program"; exit 1; }
cc -Wall -Wextra -Werror -I"$1/include" "$work/program.c" -o "$work/program" -L"$2" -ldeepid -Wl,-rpath,"$2"
"$work/program" | grep -q '^training loss 0\.'
[ "$(wc -l <"$work/program.c")" -le 36 ] || { echo "the README's C program has grown"; exit 1; }
if python3 -c 'import ctypes' 2>/dev/null; then
    awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$1/README.md" | sed "s|build/libdeepid.so|$2/libdeepid.so|" >"$work/program.py"
    python3 "$work/program.py" >"$work/python.txt"
    "$work/program" >"$work/c.txt"
    diff "$work/c.txt" "$work/python.txt" # the same numbers from both
else
    echo "the Python part is skipped: no python3 with ctypes (apt-get install python3)"
fi
echo "README: runs"
