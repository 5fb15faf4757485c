#!/bin/sh
# The public headers as one flat text without macros and includes, for LuaJIT's ffi.cdef and Python's cffi.
#   ffi_header.sh COMPILER INCLUDE OUT
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/stdint.h" # its types are known there
echo "/* All of deepid for programs that read C declarations: no macros, no includes. The manual: the headers deepid/NOUN.h. */" >"$work/out"
"$1" -E -P -nostdinc -I "$work" -I "$2" -DDEEPID_STATIC "$2/deepid/deepid.h" >>"$work/out"
if grep -nE '^#|__attribute__' "$work/out"; then
    echo "ffi_header.sh: a macro is left" >&2
    exit 1
fi
cp "$work/out" "$3"
