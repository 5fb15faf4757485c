#!/bin/sh
# The Rust program beside the C one: same numbers, same checksum.   run.sh BUILD
set -eu
command -v rustc >/dev/null 2>&1 || { echo "skipped: no rustc (apt-get install rustc)"; exit 0; }
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rustc --edition 2021 -D warnings -L "native=$build" -C "link-arg=-Wl,-rpath,$build" -o "$build/own_arrays.rs.out" "$here/own_arrays.rs"
"$build/examples/02_own_arrays" >"$build/own_arrays.c.txt"
"$build/own_arrays.rs.out" | diff "$build/own_arrays.c.txt" -
tail -n 1 "$build/own_arrays.c.txt"
