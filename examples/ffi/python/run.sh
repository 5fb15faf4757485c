#!/bin/sh
# The Python program beside the C one: same checksum; the package's tests, without installing it.   run.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$build/libdeepid.so" ] || { echo "skipped: no shared library in $build"; exit 0; }
for python in /usr/bin/python3 python3; do
    "$python" -c 'import numpy' 2>/dev/null || continue
    "$build/examples/02_own_arrays" >"$build/own_arrays.c.txt"
    "$python" "$here/own_arrays.py" "$build/libdeepid.so" >"$build/own_arrays.py.txt"
    diff "$build/own_arrays.c.txt" "$build/own_arrays.py.txt"
    tail -n 1 "$build/own_arrays.py.txt"
    for test in "$here"/test_*.py; do
        DEEPID_LIBRARY="$build/libdeepid.so" PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 "$python" -X faulthandler "$test"
    done
    exit 0
done
echo "skipped: no python3 with numpy (apt-get install python3-numpy)"
