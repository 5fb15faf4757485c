#!/bin/sh
# The Go program beside the C one: same numbers, same checksum.   run.sh BUILD
set -eu
command -v go >/dev/null 2>&1 || { echo "skipped: no go (apt-get install golang-go)"; exit 0; }
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
CGO_ENABLED=1 CGO_CFLAGS="-I$here/../../../include" CGO_LDFLAGS="-L$build -ldeepid -Wl,-rpath,$build" GOCACHE="$build/go" \
    go build -o "$build/own_arrays.go.out" "$here/own_arrays.go"
"$build/examples/02_own_arrays" >"$build/own_arrays.c.txt"
"$build/own_arrays.go.out" | diff "$build/own_arrays.c.txt" -
tail -n 1 "$build/own_arrays.c.txt"
