#!/bin/sh
# docs/onnx.md names every operator that lib/onnx reads.   onnx.sh ROOT
set -eu
cd "$1"
missing() {
    sed -nE 's/^ *\{"([A-Z][A-Za-z]+)", (take|dpid_onnx_take)_.*/\1/p; /^static const char \*const (ones|twos|threes|reductions)/,/;/s/"/\n/gp' lib/onnx/operators.c lib/onnx/region.c |
        grep -oE '^[A-Z][A-Za-z]+$' | LC_ALL=C sort -u | while read -r op; do grep -qw "$op" "$1" || echo "$1: $op"; done
}
found=$(missing docs/onnx.md)
[ -z "$found" ] || { echo "not named:"; echo "$found"; exit 1; }
# the check itself: on a page that names nothing it has to find many
[ "$(missing lib/LAYERS | wc -l)" -gt 40 ] || { echo "a page without operators was not found wanting"; exit 1; }
echo "onnx: the page names every operator"
