#!/bin/sh
# Includes go one way: a file of lib/ includes its own layer or an earlier one of lib/LAYERS.   layers.sh ROOT
set -eu
check() {
    (cd "$1" && awk '
        BEGIN { while ((getline layer < "lib/LAYERS") > 0) rank[layer] = ++n }
        FNR == 1 { split(FILENAME, part, "/"); own = part[2] }
        match($0, /^#include "[a-z]+\//) {
            used = substr($0, RSTART + 10, RLENGTH - 11)
            if (!(used in rank)) { print FILENAME ":" FNR ": " used " is no layer of lib/LAYERS"; bad = 1 }
            else if (rank[used] > rank[own]) { print FILENAME ":" FNR ": " own " includes " used ", which lies above it"; bad = 1 }
        }
        END { exit bad }' $(find lib -name '*.[ch]'))
}
check "$1"
# the check itself: a planted upward include must be found
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lib/base" && cp "$1/lib/LAYERS" "$work/lib/" && echo '#include "net/net.h"' >"$work/lib/base/planted.c"
if check "$work" >/dev/null; then echo "a planted upward include was not found"; exit 1; fi
echo "layers: one way"
