#!/bin/sh
# Includes go one way: a file of lib/ includes its own layer or an earlier one of lib/LAYERS. So do calls inside of a
# layer that has a LAYERS of its own, a list of files: a file calls itself or an earlier one. `fusion_*` stands for all
# files of that name.   layers.sh ROOT
set -eu
includes() {
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
# What a file defines starts at the first column, what it calls does not.
calls() {
    (cd "$1" && ls ./*.c | sed 's/..//; s/\.c$//' | sort >"$work/there" && sed 's/$/.c/' LAYERS | while read -r name; do ls $name; done >"$work/listed" && sed 's/\.c$//' "$work/listed" | sort | diff - "$work/there" && awk '
        FNR == 1 { own = ++n; file[n] = FILENAME }
        /^[a-z].*[^;]$/ && match($0, /d(ee)?pid_[a-z0-9_]+(\(| = )/) {
            name = substr($0, RSTART, RLENGTH); sub(/[( ].*/, "", name); home[name] = own
        }
        /^ / { line = $0
            while (match(line, /d(ee)?pid_[a-z0-9_]+/)) { used[own, substr(line, RSTART, RLENGTH)] = FNR; line = substr(line, RSTART + RLENGTH) }
        }
        END {
            for (use in used) {
                split(use, part, SUBSEP)
                if ((part[2] in home) && home[part[2]] > part[1]) { print file[part[1]] ":" used[use] ": " part[2] " is of " file[home[part[2]]] ", which lies above it"; bad = 1 }
            }
            exit bad
        }' $(cat "$work/listed"))
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
includes "$1"
for layers in "$1"/lib/*/LAYERS; do calls "$(dirname "$layers")"; done
# the checks themselves: a planted upward include, and a planted upward call, must be found
mkdir -p "$work/lib/base" && cp "$1/lib/LAYERS" "$work/lib/" && echo '#include "net/net.h"' >"$work/lib/base/planted.c"
if includes "$work" >/dev/null; then echo "a planted upward include was not found"; exit 1; fi
printf 'low\nhigh\n' >"$work/LAYERS" && printf 'void dpid_low(void)\n{\n    dpid_high();\n}\n' >"$work/low.c" && printf 'void dpid_high(void)\n{\n}\n' >"$work/high.c"
if calls "$work" >/dev/null; then echo "a planted upward call was not found"; exit 1; fi
echo "layers: one way"
