#!/bin/sh
# Deep narrow MLPs, a training step: the library, KANN with BLAS, PyTorch and, when given, another program in turn.
#   mlp.sh BUILD_DIR PYTHON KANN_DIR [OTHER]        KANN_DIR: a clone of github.com/attractivechaos/kann
#   OTHER THREADS DEPTH WIDTH BATCH SKIP prints us=... for a net of rectifiers.
# ROUNDS=5 (or more), and THREADS, DEPTHS, WIDTHS, BATCHES, ACTS, SKIPS as lists in the environment restrict the grid. A ratio peer / ours a round; prints a line of key=value for each row and peer with
# the median, least and largest of the ratios.
set -eu
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
export OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=active # KANN splits the batch itself; the other program spins
ROUNDS=${ROUNDS:-5}
[ $# -ge 3 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
[ "$ROUNDS" -ge 5 ] || { echo "ROUNDS is $ROUNDS, expected 5 or more" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
step=$1/tests/bench_step python=$2 kann=$3 other=${4:-}
[ -x "$step" ] || { echo "$step is not there: build the tests first" >&2; exit 2; }
[ -f "$kann/kann.c" ] || { echo "$kann has no kann.c" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O3 -march=native -DHAVE_CBLAS -DHAVE_PTHREAD -I "$kann" -I /usr/include/x86_64-linux-gnu "$here/kann_mlp.c" "$here/../timing.c" "$kann/kann.c" "$kann/kautodiff.c" -o "$work/kann_mlp" -lopenblas -lm -pthread

pinned() { # one thread stays where it is
    if [ "$threads" = 1 ]; then taskset -c 0 "$@"; else "$@"; fi
}

# Lines "row peer microseconds" of one round of a depth and width.
one_round() {
    for batch in ${BATCHES:-32 64 256}; do
        for act in ${ACTS:-relu tanh}; do
            for skip in ${SKIPS:-0 1}; do
                row="depth=$depth width=$width batch=$batch act=$act skip=$skip threads=$threads"
                pinned "$step" --net mlp --depth $depth --width $width --batch $batch --act $act --skip $skip --threads $threads --rounds 9 | sed "s/.* ms=\([^ ]*\).*/$row|ours|\1/"
                pinned "$work/kann_mlp" $depth $width $batch $act $skip $threads | sed "s/.* ms=\([^ ]*\).*/$row|kann|\1/"
                [ -z "$other" ] || [ $act != relu ] || pinned "$other" $threads $depth $width $batch $skip | sed "s/.* us=\([^ ]*\).*/$row|other|\1/" | awk -F'|' -v OFS='|' '{ $3 /= 1000; print }'
            done
        done
    done
    list() { echo "$@" | tr ' ' ','; }
    pinned "$python" "$here/mlp.py" --depth $depth --width $width --batch "$(list ${BATCHES:-32 64 256})" --act "$(list ${ACTS:-relu tanh})" --skip "$(list ${SKIPS:-0 1})" --threads $threads |
        sed 's/peer=[^ ]* \(.*\) ms=\([^ ]*\)/\1|torch|\2/'
}

medians() {
    awk -F'|' '
        function median(list,   n, a, i, j, t) { n = split(list, a, " "); for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            low = a[1]; high = a[n]; return (a[int((n + 1) / 2)] + a[int(n / 2) + 1]) / 2 }
        { round[$1, $2]++; ms[$1, $2, round[$1, $2]] = $3; if ($2 == "ours" && round[$1, $2] == 1) order[++rows] = $1 }
        END { split("other kann torch", peer, " ")
            for (i = 1; i <= rows; i++) for (k = 1; k <= 3; k++) { row = order[i]; n = round[row, peer[k]]; if (!n) continue
                ours = theirs = ratios = ""
                for (j = 1; j <= n; j++) { ours = ours " " ms[row, "ours", j]; theirs = theirs " " ms[row, peer[k], j]; ratios = ratios " " ms[row, peer[k], j] / ms[row, "ours", j] }
                r = median(ratios); least = low; most = high
                printf "%s peer=%s rounds=%d ours_us=%.4g peer_us=%.4g ratio=%.3f ratio_min=%.3f ratio_max=%.3f\n", row, peer[k], n, 1000 * median(ours), 1000 * median(theirs), r, least, most } }' "$work/rounds"
}

for threads in ${THREADS:-1 2}; do
    for depth in ${DEPTHS:-10 50 100 500}; do
        for width in ${WIDTHS:-32 64 128}; do
            : >"$work/rounds"
            for round in $(seq "$ROUNDS"); do
                one_round >>"$work/rounds"
            done
            medians
        done
    done
done
