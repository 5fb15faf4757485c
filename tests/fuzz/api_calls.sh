#!/bin/sh
# Every function of the public headers with any arguments of its types; every setter from a second thread; the same on a thread of 48 KiB.   api_calls.sh ROOT LIBRARY [CALLS [SEED]]
set -eu
root=$(cd "$1" && pwd)
library=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$root/tests/fuzz/api_calls.py" "$root" >"$work/calls.c"
sanitize=$(nm -D "$library" | grep -q __asan_init && echo "-fsanitize=address,undefined -fno-sanitize-recover=all" || true)
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -g -w $sanitize -I"$root/include" -I"$root/tests/fuzz" "$work/calls.c" "$library" -Wl,-rpath,"$(dirname "$library")" -lm -lpthread -o "$work/calls"
cd "$work" # whatever they write
./calls busy
./calls "${4:-1}" "${3:-10}"
[ -n "$sanitize" ] || ./calls "${4:-1}" "${3:-10}" 48
