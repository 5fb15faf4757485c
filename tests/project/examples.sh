#!/bin/sh
# The other examples run and end well; Python by ctypes agrees with C when numpy is there.   examples.sh BUILD ROOT
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$1/examples/01_build_train_inspect" 40 | grep -q 'block30.dense'
[ -s layers.csv ]
"$1/examples/02_own_arrays" | grep -q checksum
sh "$2/examples/ffi/python/run.sh" "$1"
sh "$2/examples/ffi/luajit/run.sh" "$1"
