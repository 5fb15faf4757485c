#!/bin/sh
# The C++ program beside the C one: same numbers, same checksum.   run.sh BUILD
set -eu
command -v g++ >/dev/null 2>&1 || { echo "skipped: no g++ (apt-get install g++)"; exit 0; }
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
g++ -std=c++17 -O1 -Wall -Wextra -Werror -I"$here/../../../include" "$here/own_arrays.cpp" "$build/libdeepid.so" -Wl,-rpath,"$build" -o "$build/own_arrays.cpp.out"
"$build/examples/02_own_arrays" >"$build/own_arrays.c.txt"
"$build/own_arrays.cpp.out" | diff "$build/own_arrays.c.txt" -
tail -n 1 "$build/own_arrays.c.txt"
