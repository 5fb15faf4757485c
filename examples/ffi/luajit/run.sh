#!/bin/sh
# run.sh BUILD
set -eu
command -v luajit >/dev/null 2>&1 || { echo "skipped: no luajit (apt-get install luajit)"; exit 0; }
[ -e "$1/libdeepid.so" ] || { echo "skipped: no shared library in $1"; exit 0; }
exec luajit "$(dirname "$0")/depth.lua" "$1/libdeepid.so" "$1/deepid.ffi.h"
