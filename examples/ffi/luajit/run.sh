#!/bin/sh
# run.sh BUILD
set -eu
command -v luajit >/dev/null 2>&1 || { echo "skipped: no luajit (apt-get install luajit)"; exit 0; }
exec luajit "$(dirname "$0")/depth.lua" "$1/libdeepid.so"
